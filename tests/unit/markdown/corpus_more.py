"""More answers: with footnotes, definitions, images, proofs, and broken ones."""

from typing import Final

MORE: Final[dict[str, str]] = {
    "zh-footnotes": """\
根据公开资料[^1]，该系统在 2024 年的可用性为 99.95%[^sla]，比上一年**提高了 0.02 个百分点**[^1\
][^2]。

需要注意：统计口径不含计划内维护[^maint]。

## 参考

[^1]: 张三等，《分布式系统可用性报告》，2024。
[^2]: 见 <https://example.com/report?year=2024&lang=zh>。
[^sla]: 服务等级协议里的定义：

    - 按月统计
    - 以 5 分钟为粒度

    ```text
    可用性 = 1 - 不可用分钟 / 总分钟
    ```

[^maint]: 维护窗口提前三天公布，
通常在凌晨。
""",
    "en-definitions": """\
Here are the terms you asked about:

Idempotent
: An operation that can be applied **many times** without changing the result beyond the first\
.
: In HTTP: `PUT` and `DELETE`, but not `POST`.

Back-pressure

: The ability of a consumer to say "not so fast".

  It may be explicit (`request(n)`) or implicit (a bounded queue).

Jitter
:   Random delay that is added to retries, so that clients do not come back
    all at once:

    ```python
    delay = random.uniform(0, base * 2 ** attempt)
    ```

That covers all three: if anything is unclear, ask.
""",
    "zh-sql": """\
可以用窗口函数，一次扫描就够了：

```sql
SELECT user_id, amount,
       SUM(amount) OVER (PARTITION BY user_id ORDER BY created_at) AS running
FROM   orders
WHERE  created_at >= DATE '2024-01-01'  -- 含当天
  AND  status IN ('paid', 'done');
```

**说明：**

- `PARTITION BY user_id`：每个用户**单独**累计；
- `ORDER BY created_at`：按时间顺序；同一时刻有多条时，默认框架是 `RANGE`，会把并列行算在一起\
，要改成 `ROWS`；
- 如果 `orders` 超过 1000 万行，建议建索引 `(user_id, created_at)`。

> **注意**：MySQL 5.7 *没有*窗口函数，要升级到 8.0。
""",
    "en-diff": """\
The bug is an off-by-one in the slice. This patch fixes it:

```diff
--- a/parser.py
+++ b/parser.py
@@ -10,7 +10,7 @@ def head(lines, n):
-    return lines[:n - 1]
+    return lines[:n]
```

Why it happened: `range(n)` already excludes `n`, so subtracting 1 *again* drops the last line\
.
Run `pytest -k head -x` to confirm; expected output is `3 passed`.
""",
    "math-proof-zh": """\
**命题：**若 $n^2$ 是偶数，则 $n$ 是偶数。

**证明。**用反证法。假设 $n$ 是奇数，即 $n = 2k+1$（$k \\in \\mathbb{Z}$），于是

$$
\\begin{aligned}
n^2 &= (2k+1)^2 \\\\
    &= 4k^2 + 4k + 1 \\\\
    &= 2(2k^2+2k) + 1,
\\end{aligned}
$$

右边是奇数，与 $n^2$ 是偶数矛盾。$\\blacksquare$

**推论：**$\\sqrt{2}$ 不是有理数。设 $\\sqrt2 = \\frac{p}{q}$ 且 $\\gcd(p,q)=1$，则 $p^2 = 2q^\
2$，所以 $p=2m$，进而 $q^2=2m^2$，$q$ 也是偶数，矛盾。

其中用到的事实：\\(2 \\mid n^2 \\Rightarrow 2 \\mid n\\)。
""",
    "math-physics-en": """\
Maxwell's equations in vacuum:

$$
\\nabla \\cdot \\mathbf{E} = 0, \\qquad \\nabla \\cdot \\mathbf{B} = 0
$$

\\[
\\nabla \\times \\mathbf{E} = -\\frac{\\partial \\mathbf{B}}{\\partial t}
\\]

A rotation by $\\theta$ is $R = \\begin{pmatrix} \\cos\\theta & -\\sin\\theta \\\\ \\sin\\thet\
a & \\cos\\theta \\end{pmatrix}$, and

$$f(x) = \\begin{cases} x^2 & x \\ge 0 \\\\ -x & x < 0 \\end{cases}$$

1. For $x \\to 0^+$: $f(x) \\approx x^2$, so the cost is $\\mathcal{O}(n \\log n)$.
2. It costs $12.50 per million tokens, i.e. about $0.01 per page; $x$ stays a variable.

| symbol | meaning | unit |
|:------:|---------|-----:|
| $\\mathbf{E}$ | electric field | V/m |
| $c = 1/\\sqrt{\\mu_0\\varepsilon_0}$ | speed of light | m/s |
""",
    "zh-shell": """\
在 `~/.bashrc` 末尾加上：

```bash
export PATH="$HOME/.local/bin:$PATH"
alias ll='ls -alF'
[ -f ~/.fzf.bash ] && source ~/.fzf.bash
```

然后执行 `source ~/.bashrc`。变量 $HOME 是家目录，$PATH 用冒号分隔；`$?` 是上一条命令的返回值\
。

如果提示 `command not found`：
1. 检查 `echo $PATH` 里有没有 `/home/$USER/.local/bin`；
2. 检查文件权限：`chmod +x ~/.local/bin/*`；
3. 还不行的话，换成绝对路径 ~/.local/bin/tool 试试。
""",
    "mixed-api": """\
## POST `/v1/chat/completions`

请求体 (JSON)：

| 字段 | 类型 | 必填 | 说明 |
|------|------|:----:|------|
| `model` | string | ✓ | 例如 `deepseek-flash` |
| `messages` | array | ✓ | 见[消息格式](https://example.com/docs#messages) |
| `temperature` | number |  | 0–2，默认 1.0 |
| `stop` | string \\| array |  | 最多 4 个 |

```json
{
  "model": "deepseek-flash",
  "messages": [{"role": "user", "content": "你好 \\"世界\\""}],
  "stream": true
}
```

返回 `text/event-stream`，每个事件形如 `data: {...}`，最后是 `data: [DONE]`。错误码：**401** \
密钥无效，**429** 请求过快（看 `Retry-After`），**5xx** 重试即可。
""",
    "images": """\
这是生成的图片：

![一只戴帽子的猫](https://images.example.com/cat.png?size=1024&sig=a%2Bb)

两张并排：![左](https://images.example.com/l.png) ![右](https://images.example.com/r.png "右边\
")

[![build](https://img.example.com/build.svg)](https://ci.example.com/)

1. 内嵌的小图：
   ![点](data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9\
QDwADhgGAWjR9awAAAABJRU5ErkJggg==)
2. 相对地址：![x](./local.png)，还有 ![](file:///etc/passwd)。

![没有结束](https://images.example.com/cut
""",
    "broken-cut": """\
下面是三种办法：

1. **使用缓存**：把结果放进 Redis，见 [文档](https://redis.io/docs/latest/develop/)。
2. **异步处理**：用消息队列，例如 `RabbitMQ`、`Kafka`。
3. **分库分表**：当单表超过 **2000 万行**时，考虑 [ShardingSphere](https://shardingsphere.apac\
he.o""",
    "broken-mixed-html": """\
<thinking>
The user wants a table & a list.
</thinking>

<table><tr><td>**not**</td></tr></table>

Text<br>break and <kbd>Ctrl</kbd>+<kbd>C</kbd>, H<sub>2</sub>O, x<sup>2</sup>, <b>bold?</b>

- item with <span style="color:red">red</span>
- `<div>` in code, &lt;escaped&gt;, a < b && c > d

| a | b |
|---|---|
| x<br>y | `<br>` |

</div> stray close, <unclosed attr="1
next line "> after
""",
    "en-compare": """\
**Short answer:** use SQLite unless you need concurrent writers.

| | SQLite | PostgreSQL | DuckDB |
|---|:---:|:---:|:---:|
| Server | none | yes | none |
| Writers | 1 | many | 1 |
| Best at | apps | services | analytics |
| [Docs](https://example.com) | [link](https://sqlite.org/docs.html) | [link](https://www.post\
gresql.org/docs/) | [link](https://duckdb.org/docs/) |
| `SELECT 'a' || 'b'` | `ab` | `ab` | `ab` |

Details:

* **SQLite**
  * WAL mode: `PRAGMA journal_mode=WAL;`
  * ~100k reads/s on a laptop
* **PostgreSQL**
  * `LISTEN`/`NOTIFY`, row-level security

    Indented paragraph under the nested item.
* **DuckDB** — columnar; reads Parquet *directly*:
  ```sql
  SELECT * FROM 'data/*.parquet' LIMIT 5;
  ```

See also https://www.sqlite.org/whentouse.html, or mail postgres@example.org.
""",
    "zh-quotes": """\
鲁迅在《故乡》的结尾写道：

> “希望是本无所谓有，无所谓无的。这正如地上的路；其实地上本没有路，走的人多了，也便成了路。”
>
> ——《故乡》，1921

> 层层引用：
>> **甲**：你怎么看？
>> **乙**：我觉得……
>>> 嗯。
>
> 1. 第一
> 2. 第二
>    > 引用在列表里

他说：“**‘路’**是什么？”我答：“*走*出来的。”——完。
""",
    "en-recipe": """\
# Tomato soup (serves 4)

Prep: 10 min · Cook: 25 min · ~180 kcal per bowl

### Ingredients

- [ ] 1 kg tomatoes, *very* ripe
- [ ] 2 cloves garlic
- [x] olive oil
- [x] salt & pepper

### Steps

1. Halve the tomatoes; roast at 200 °C for 20 min.
2. Fry the garlic for 1–2 min (don't let it brown!).
3. Blend everything. Season.

   **Tip:** a pinch of sugar balances the acidity.

10. Serve with bread.

---

*Enjoy* -- and tell me how it went :)
""",
    "zh-essay": """\
# 论慢

快，是这个时代的信仰。地铁里的人刷着三秒一条的视频，外卖骑手与倒计时赛跑，就连“休息”也要讲究效\
率——午睡二十分钟，冥想五分钟，散步要记步数……

可是，**有些东西快不得**。茶要慢慢泡，字要慢慢写，人与人之间的信任，更是一天一天攒起来的。木心\
写过：“从前的日色变得慢，车、马、邮件都慢，一生只够爱一个人。”

那么，我们能做什么？

其一，*给自己留白*。每天留出半小时，不看手机，不听播客，不做“有用”的事；
其二，**“慢读”**一本书。不求读完，只求读懂一页；
其三，走路时——就只走路。

慢不是懒惰，而是**选择**：选择把有限的注意力，放在真正重要的地方。
""",
    "code-nested": """\
To show a fence inside Markdown, use a longer fence outside:

`````md
````python
print("```")
````
`````

In a list, indent it:

1. Rust:

   ```rust
   fn main() {
       let v: Vec<_> = (1..=3).map(|x| x * x).collect();
       println!("{v:?}"); // [1, 4, 9]
   }
   ```

2. Makefile (tabs matter):

   ```makefile
   all: build
   \t@echo "done" $(VAR) $$HOME
   ```

3. No language:

   ```
   plain   text
     kept  as is
   ```

~~~html
<script>alert("never run")</script>
~~~

```{.python .numbered startFrom="3"}
x = 1
```

Inline: `` `code` ``, ```` ``` ````, `a\\`, `   spaces   `.
""",
    "zh-code-list": """\
修改三处即可：

- **`main.cpp`**：把裸指针换成 `std::unique_ptr`：
  ```cpp
  auto node = std::make_unique<Node>(value);
  head->next = std::move(node);  // 所有权转移
  ```
- **`CMakeLists.txt`**：打开 C++17：

  ```cmake
  set(CMAKE_CXX_STANDARD 17)
  target_link_libraries(app PRIVATE Threads::Threads)
  ```

- **测试**：
  1. 单元测试：`ctest --output-on-failure`
  2. 内存检查：
     ```bash
     valgrind --leak-check=full ./app
     ```
     期望输出：`0 errors from 0 contexts`。

这样就不会再有**“double free”**了。
""",
    "broken-lists": """\
1.First without a space
2.Second
-no space either

1) one
2) two
 3) three, indented by one
   continued

* star
+ plus
- minus
    - four deep
      still in it
        - eight deep
   text at three

1986. A great year.
2) not a list start mid paragraph?

- a

- b


- c after two blanks
\t- tab nested
""",
    "ja-ko": """\
## 日本語

**「重要」**：これは*テスト*です。`コード`も使えます。**注意！**必ず読んでください。

1. 手順一。[公式サイト](https://example.jp/ガイド)を開く。
2. 手順二――**完了**。

## 한국어

**중요:**이 문장은 굵게 표시됩니다. *기울임*과 ~~취소선~~도 됩니다.
값은 $x^2$이고, 가격은 $5입니다.

> [!TIP]
> **“팁”**을 참고하세요.
""",
    "emoji-rtl": """\
✅ **Done** · ⚠️ *Careful* · ❌ ~~Failed~~ · 👨\u200d👩\u200d👧\u200d👦 family · 🇨🇳🇫🇷 flags · \
e\u0301 combining

| 项 | 状态 |
|:--|:--:|
| 构建 | ✅ |
| 测试 | 🔄 进行中… |

עברית: **מודגש** ו-`קוד`, عربي: *مائل* ورابط https://example.com/ar.

- 🥇 **第一名**：10 分
- 🥈 **第二名**：8 分

Zero\u200dwidth\u200band soft\u00adhyphen, nbsp here, “smart” ‘quotes’ — dashes – and… ellipsi\
s.
""",
    "think-then-answer": """\
用户想要比较两个版本。先看差异：v1.2.3 -> v1.3.0；a*b*c；__init__.py；2^10 = 1024。

---

**结论：升级。**理由如下：

① 性能提升约 30%（`p99` 从 120ms 降到 84ms）；
② 修复了 CVE-2024-12345；
③ 兼容性好，只有 1 处破坏性变更——`Client(timeout=)` 的单位由**毫秒**改为**秒**。

步骤一：备份
: `pg_dump app > backup.sql`

步骤二：升级
: `pip install -U "app>=1.3,<2"`

参考资料：

[1] https://example.com/changelog
[2]: https://example.com/issues/42 "Issue 42"

详见[2]与[变更][2]。
""",
}
