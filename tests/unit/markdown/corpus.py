"""Answers as models write them, some of them broken; used by every test of the room."""

from typing import Final

from tests.unit.markdown.corpus_more import MORE

ANSWERS: Final[dict[str, str]] = {
    "zh-explain": """\
**光合作用**是绿色植物利用光能，把二氧化碳和水转化为有机物并释放氧气的过程。

**要点：**它发生在叶绿体里，分为两个阶段：

1. **光反应**：在类囊体膜上进行，吸收光能，产生 ATP 和 NADPH。
2. **暗反应**（又叫“卡尔文循环”）：在基质里进行，固定 $CO_2$。

> 总反应式：
> $6CO_2 + 6H_2O \\to C_6H_{12}O_6 + 6O_2$

它为什么重要？因为**“几乎所有”**生命都靠它获得能量。
""",
    "zh-steps": """\
好的，按下面的步骤来：

1. 安装依赖：
   ```bash
   sudo apt update
   sudo apt install -y git
   ```
2. 克隆仓库，然后进入目录：

   ```bash
   git clone https://example.com/repo.git
   cd repo
   ```

   如果失败，检查网络。
3. 运行 `make run`。

完成后打开 https://localhost:8000/文档 查看，或访问（https://example.com/a_b_c）。
""",
    "zh-table": """\
三种方案对比如下：

| 方案 | 价格 | 优点 | 缺点 |
|:-----|-----:|:----:|------|
| **甲** | ¥100 | 快 | `a || b` 不支持 |
| 乙 | ¥200 | 稳定<br>可靠 | 慢 |
| 丙 \\| 丁 | ¥300 | — | 贵 |

结论：选**乙**。
""",
    "zh-nested": """\
- 前端
  - 框架：**React**、*Vue*
    - 组件
      - 状态
  - 样式

  这一段属于「前端」。

- 后端
  1. 接口
  2. 数据库
     - 索引
     - 事务
- [x] 已完成
- [ ] 未完成
""",
    "zh-hard-lines": """\
春眠不觉晓，
处处闻啼鸟。
夜来风雨声，
花落知多少。

这里用两个空格换行\x20\x20
下一行，用反斜杠换行\\
再下一行。
""",
    "en-essay": """\
# The Case for Plain Text

Plain text has outlived *every* format that promised to **replace** it. It is readable, it is
searchable, and it survives the company that made the editor.

## Why it lasts

There are a few reasons -- none of them glamorous:

* It has no version.
* It diffs well; `git diff` shows what changed.
* You can read it in 40 years.

---

As someone said: "The best format is the one you can `cat`." See
[the essay](https://example.com/essay "An essay") or write to me@example.org.
""",
    "en-code": """\
Here's a function that does it:

```python
from collections import deque


def walk(root):
    \"\"\"Breadth first.\"\"\"
    queue = deque([root])
    while queue:
        node = queue.popleft()
        yield node
        queue.extend(node.children)   # *not* emphasised, **nor** this
```

And the JavaScript version:

~~~js
const x = `template ${value}`;
~~~

Use `queue.extend` rather than ``a ` b``. The `__init__` method and snake_case_names stay.
""",
    "en-setext": """\
Overview
========

Text under a heading.

Details
-------

More text
over two lines
---
after the rule
""",
    "en-alerts": """\
> [!NOTE]
> Useful information that users should know.

> [!WARNING]
> Be **careful** with `rm -rf`:
>
> - it deletes
> - it does not ask

> An ordinary quote
continued lazily
> > and nested
""",
    "math-zh": """\
设函数 $f(x) = x^2 + 2x + 1$，则导数为 \\(f'(x) = 2x + 2\\)。

$$
\\int_0^1 f(x)\\,dx = \\left[\\frac{x^3}{3} + x^2 + x\\right]_0^1
$$

令 \\[ x = \\frac{-b \\pm \\sqrt{b^2-4ac}}{2a} \\] 即可。

\\[
E = mc^2
\\]

```math
\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}
```

1. 第一步：
   $$a^2 + b^2 = c^2$$
2. 第二步：$\\alpha$ 与 $\\beta$。
""",
    "prices": """\
The small one costs $5 and the large one costs $6, so $5-$10 in total.
Set $HOME and $PATH, or ${HOME}/bin:$PATH, then run `echo $USER`.
价格从 $100 到 $200，约合 ¥700。US$5 and US$6 are not math, but $x+y$ is.
""",
    "html": """\
<div align="center">
  <b>Not bold</b>, but **this** is.
</div>

<details><summary>More</summary>

Text & entities: &copy; &amp; &#35; &nope; 1 < 2 > 0

</details>

<!-- a comment with *stars* -->
<a href="https://example.com/**">literal</a> \\*escaped\\* \\_too\\_
""",
    "links": """\
[ok](https://example.com/a?b=c&d=e) [mail](mailto:a@b.cn) [bad](javascript:alert(1))
[file](file:///etc/passwd) [rel](./docs/a.md) [top](#top) [data](data:text/html,x)
<https://example.com/x> <someone@example.com> www.example.com/path. https://zh.wikipedia.org/wiki/维基
![图片](https://example.com/a.png) ![](b.png) [![badge](c.svg)](https://example.com)

[def]: https://example.com/def "title"

Now [def] and [text][def] and [undefined] resolve, or not.

参考：[1] 与 [^1]，区间 [0, 1) 和数组 a[i]。
""",
    "mixed": """\
## Docker 部署 🚀

用 **Docker Compose**（推荐）来部署：

```yaml
services:
  app:
    image: "app:latest"
    ports: ["80:80"]
```

| 变量 | 说明 |
| --- | --- |
| `PORT` | 端口，默认 `80` |
| `KEY` | 见 [文档](https://example.com/docs) |

**注意：**`PORT`必须是数字；**Key**不能为空。~~旧方法~~已废弃。

然后：
- 执行 `docker compose up -d`
- 打开 http://localhost:80，看到 "OK" 即成功
""",
    "cjk-emphasis": """\
**重点：**后面，**“引用”**，*斜体*文字，***粗斜***，__下划__线。
他说**“你好。”**然后走了；**《书名》**很好；（**括号**）里；**注意！**请看。
한국어**강조(強調)**입니다。日本語の**「強調」**です。
这是*重要的*，**Python：**一种语言。**100%**正确，**A/B**测试，**`code`**标签。
""",
    "broken-fence": """\
代码没有结束：

```cpp
#include <iostream>
int main() {
    std::cout << "你好" << std::endl;
""",
    "broken-marks": """\
这里有 **没关闭的粗体，和 `没关闭的代码
下一行 *斜体 [链接](https://exam

- 列表 **粗体
- 下一项 ~~删除

$$
x = 1
""",
    "broken-table": """\
| a | b |
|---|
not a table

| a | b |
|---|---|
| 1 |
| 1 | 2 | 3 | 4 |
trailing text

| x
""",
    "tabs-crlf": (
        "# Title\r\n\r\n-\tone\r\n\ttwo\r\n\r\n\t\tcode\r\n1.\tx\r\n\r\n```\r\na\tb\r\n```\rend\r\n"
    ),
    "indented": """\
Text.

    indented code
      with more

    and after a blank line

Text again
    which continues.
""",
    "fences-deep": """\
> 1. In a quote:
>    ````md
>    ```python
>    x = 1
>    ```
>    ````
>    after
>
> ```
> unclosed in quote
outside

- item
  ~~~
    kept indentation

  ~~~
- ```
  x
  ```
""",
    "empties": """\
-
- a
-

  b

1.
2. x

>
> q
>

#

## ##

| | |
|-|-|
| | |

[](https://example.com) ``  `` ****
""",
    "long-zh": "这是一段没有换行的很长的文字，里面有**重点**和`代码`。" * 400,
    "long-code": "```json\n"
    + '{"key": [1, 2, 3]}, ' * 500
    + "\n```\n\n    "
    + "x = 1; " * 700
    + "\n",
    "long-items": "- " + "An item that goes on and on, **bold** too. " * 120 + "\n- next\n",
    "rules": "***\n---\n___\n* * *\n- - -\n+++\n===\n--\n**\n_ _\n",
    "thinking": """\
Okay, the user wants X. Let me think...

First, 17*23 = 391, and 2 * 3 * 4 = 24; a*b*c. 5 > 3, #1 issue, C# and F#.
Then x_1 and x_2, file_name_here.py, 2^10, ~/path, ~5 minutes, 10~20.

Wait. Actually `x` is `y`... so the answer is "42".

1) first
2) second

+ plus
+ signs
""",
    **MORE,
}
