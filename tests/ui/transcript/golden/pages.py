"""The pages: messages that together show everything that can be drawn."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from PySide6.QtCore import QBuffer, QIODevice, QPointF
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from desktop_chat.core.errors import ErrorInfo, ErrorKind
from desktop_chat.core.events import FinishReason, Notice, NoticeKind, Usage
from desktop_chat.core.messages import Message, MessageState, Role, Timing
from tests.unit.markdown.corpus import ANSWERS

ASKED: Final = "请举个例子。Show me an example, please."
ANSWER: Final = "a"


@dataclass(frozen=True)
class Page:
    """One question and its answer.

    Attributes:
        text: of the answer.
        asked: the question.
        thinking: as it arrived.
        message: further fields of the answer.
        notice: that it waits with, or None; it streams then.
        versions: the answer's place among its siblings, and their number.
        presses: names of its controls that are pressed before it is looked at.
        streams: whether it also comes bit by bit.
        fixed: whether it needs no fonts but those that ``packaging/dev/setup`` installs.
    """

    text: str
    asked: str = ASKED
    thinking: str = ""
    message: Mapping[str, Any] = field(default_factory=dict)
    notice: Notice | None = None
    versions: tuple[int, int] = (1, 1)
    presses: tuple[str, ...] = ()
    streams: bool = True
    fixed: bool = True

    def branch(self) -> tuple[Message, Message]:
        """Return both messages, finished unless a notice shows that it waits."""
        values: dict[str, Any] = {
            "model": "deepseek-v4-pro",
            "service_id": "deepseek",
            "service_name": "DeepSeek",
            "reasoning": self.thinking,
            "reason": FinishReason.STOP,
            "usage": Usage(1842, 1126, 0, 214),
            "timing": Timing(0.62, 6.0, 27.55),
        }
        if self.notice is not None:
            values |= {"state": MessageState.STREAMING, "reason": None}
        values |= self.message
        question = Message("q", "c", None, Role.USER, self.asked, 1000.0)
        answer = Message(ANSWER, "c", "q", Role.ASSISTANT, self.text, 1000.0, **values)
        return question, answer

    def begun(self) -> tuple[Message, Message]:
        """Return both messages as they are before the first token."""
        question, answer = self.branch()
        empty = {"usage": None, "timing": None, "reason": None, "error": None}
        changed = {"text": "", "reasoning": "", "state": MessageState.STREAMING}
        return question, replace(answer, **changed, **empty)  # type: ignore[arg-type]


def _picture(width: int, height: int) -> str:
    """Return a picture as a ``data:`` URI; it needs no application."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    fade = QLinearGradient(QPointF(0, 0), QPointF(width, height))
    fade.setColorAt(0, QColor("#0A6A87"))
    fade.setColorAt(1, QColor("#DDB15A"))
    painter.fillRect(image.rect(), fade)
    painter.fillRect(width // 4, height // 4, width // 2, height // 2, QColor("#F6F8F8"))
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # The stub says bytes; what runs wants text.
    assert image.save(buffer, "png")  # type: ignore[call-overload]
    data = base64.b64encode(buffer.data().data()).decode()
    return f"data:image/png;base64,{data}"


FROM_CORPUS: Final = (
    "zh-explain",
    "zh-steps",
    "zh-table",
    "zh-nested",
    "zh-hard-lines",
    "zh-footnotes",
    "zh-quotes",
    "zh-essay",
    "en-essay",
    "en-code",
    "en-definitions",
    "en-diff",
    "en-compare",
    "en-recipe",
    "math-zh",
    "math-proof-zh",
    "math-physics-en",
    "prices",
    "mixed",
    "mixed-api",
    "cjk-emphasis",
    "ja-ko",
    "emoji-rtl",
    "html",
    "links",
    "images",
    "fences-deep",
    "code-nested",
    "zh-code-list",
    "broken-marks",
    "broken-cut",
    "broken-lists",
    "broken-table",
    "empties",
)

HEADINGS: Final = """\
# 一级标题 Heading one
## 二级标题 Heading two, with `code` and $E = mc^2$
### 三级标题 Heading three
#### 四级标题 Heading four
##### 五级标题 Heading five
###### 六级标题 Heading six

A paragraph right below.

## A long heading that does not fit into one line of the column, so that it goes on in a second one

正文紧跟在标题后面，用来看标题与正文之间的距离是否合适，以及两行之间的行距。

---

After a rule.
"""
ALERTS: Final = """\
> [!NOTE]
> Something worth knowing, 值得知道的事。

> [!TIP]
> - a list in a tip
> - `code` and **bold**

> [!IMPORTANT]
> $$\\sum_{i=1}^n i = \\frac{n(n+1)}{2}$$

> [!WARNING]
> ```sh
> rm -rf ./build
> ```

> [!CAUTION]
> One paragraph.
>
> 另一段，足够长，以便在列宽内换行：操作不可恢复，请先备份数据库，再在测试环境验证一遍，最后才在\
生产环境执行。
"""
NUMBERED: Final = (
    "```python\n"
    + "".join(
        f"def step_{number}(value: int) -> int:  # 第 {number} 步\n    return value * {number}\n\n"
        for number in range(1, 9)
    )
    + "# a line that is much longer than the column is wide, so that the card is scrolled sideways:"
    " it goes on and on\n```\n\nText below."
)
FOLDED: Final = (
    "Sixty lines:\n\n```json\n[\n"
    + "".join(f'  {{"id": {number}, "name": "名称 {number}"}},\n' for number in range(58))
    + "]\n```\n\nText below."
)
CODES: Final = """\
```diff
diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -1,4 +1,5 @@
 import os
-print("old")
+print("new")
+print("比较长的一行")
 # end
```

```html
<!doctype html>
<title>你好</title>
<p class="x">Hello &amp; bye</p>
```

```svg
<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>
```

```console
$ pip install "httpx[socks]"
Successfully installed httpx-0.28.1
```

```
no language
```

```nosuchlanguage
x := 1
```
"""
WIDE: Final = """\
| 服务 | 模型 | 接口地址 | 上下文长度 | 输入价格 | 输出价格 | 思考 | 备注 |
|:--|:--|:--|--:|--:|--:|:-:|:--|
| DeepSeek | `deepseek-v4-pro` | https://api.deepseek.com | 128,000 | ¥2.00 | ¥8.00 | ✓ | 余额不足\
时返回 402，不会自动切换到别的服务 |
| SiliconFlow | `Qwen/Qwen3-Coder-480B-A35B-Instruct` | https://api.siliconflow.cn/v1 | 262,144 \
| ¥4.00 | ¥16.00 | — | a note of some words |
| Volcengine Ark | `ep-20260101-abcdef` | https://ark.cn-beijing.volces.com/api/v3 | 32,768 \
| ¥0.80 | ¥2.00 | ✓ | $x^2$ |

| n | value |
|---|---|
| 1 | 10.5 |
| 2 | 9 |
| 3 | 1,024 |
"""
FORMULAS: Final = """\
Inline: $x$, $\\frac{a}{b}$, $\\sum_{i=1}^n i^2$ and $\\begin{pmatrix} a \\\\ b \\\\ c \
\\end{pmatrix}$ in a line of text 与中文混排：设 $f(x)=x^2$，则$f'(x)=2x$。An unknown one: \
$\\foo{x}$.

\\[ E = mc^2 \\tag{1} \\]

$$
f(x) = a_0 + a_1 x + a_2 x^2 + a_3 x^3 + a_4 x^4 + a_5 x^5 + a_6 x^6 + a_7 x^7 + a_8 x^8 + \
a_9 x^9 + a_{10} x^{10} + a_{11} x^{11} + a_{12} x^{12} + a_{13} x^{13} + a_{14} x^{14}
$$

$$
\\unknowncommand{x} = y
$$

- In a list: $$\\text{速度} = \\frac{\\text{路程}}{\\text{时间}}$$

| symbol | meaning |
|:-:|:--|
| $\\nabla \\cdot \\mathbf{E}$ | 散度 |
| $\\frac{\\partial f}{\\partial x}$ | 偏导数 |
"""
HIDDEN: Final = (
    "A right-to-left override: file\u202egnp.exe, an isolate: \u2066abc\u2069, zero width:"
    " pay\u200bpal and a\u200d\u200d\u200d\u200db, a soft hy\u00adphen, a BOM\ufeff here.\n\n"
    "- tags: \U000e0041\U000e0042 and `co\u202ede`\n\n"
    "```text\nansi \x1b[31mred\x1b[0m and \u202ereversed\n```\n\n"
    "[раypal.com](https://xn--ypal-43d9g.com) and [bank.example](https://evil.example/login).\n"
)
DEEP: Final = (
    "".join(f"{'  ' * level}- level {level + 1}\n" for level in range(12))
    + "\n"
    + ">" * 60
    + " sixty quotes\n\n"
    + "| "
    + " | ".join(f"c{number}" for number in range(300))
    + " |\n|"
    + "---|" * 300
    + "\n"
)
SPACING: Final = """\
在Python里用`len(x)`求长度，共有3个参数，价格为$5，比例是50%。中文English中文，日期2026年11月5日。

他说：“你好，世界！”——然后（微笑着）离开了……「引号」与『书名』；顿号、逗号，句号。

这一行故意写得很长，好让行末的标点正好落在边上，看它会不会跑到下一行的开头去，或者把左括号留在行尾（\
像这样），甚至是「这样」，以及《这样》。

**粗体：**后面紧跟文字，*斜体*也是，~~删除线~~也是，`代码`也是，[链接](https://example.com)也是。

ＡＢＣ全角字母１２３，ﾊﾝｶｸ，한국어 문장도 있습니다, and ελληνικά, русский, ไทย.
"""

OWN: Final[dict[str, Page]] = {
    "headings": Page(HEADINGS),
    "alerts": Page(ALERTS),
    "code-numbered": Page(NUMBERED),
    "code-folded": Page(FOLDED),
    "code-kinds": Page(CODES),
    "table-wide": Page(WIDE),
    "formulas": Page(FORMULAS),
    "hidden": Page(HIDDEN),
    "bounds": Page(DEEP),
    "spacing": Page(SPACING),
    "thinking": Page(
        "Forty-two.",
        thinking="The user wants a number.\n\n首先，6 × 7 = 42。\n- not a list\n\n所以答案是 42，这\
一行很长，要在窄一些的列里换行，看它左边的竖线是不是从头到尾都在，行距又是不是合适。",
        presses=("thinking",),
    ),
    "thought": Page("Forty-two.", thinking="The user wants a number."),
    "question": Page(
        "好的。",
        asked="第一行\n\n    缩进的代码\n**不是粗体** 很长的一行，" + "用来看气泡的宽度。" * 12,
        versions=(2, 3),
        message={"omitted": 4},
    ),
    "question-folded": Page("好的。", asked="\n".join(f"line {n}" for n in range(60))),
    "error-key": Page(
        "",
        message={
            "state": MessageState.FAILED,
            "reason": None,
            "usage": None,
            "timing": None,
            "error": ErrorInfo(
                ErrorKind.AUTHENTICATION, 401, "Invalid token", "invalid_api_key", "req-81b2"
            ),
        },
        presses=("detail",),
        streams=False,
    ),
    "error-dropped": Page(
        "The first half of an answer that",
        message={
            "state": MessageState.FAILED,
            "reason": None,
            "error": ErrorInfo(ErrorKind.DROPPED),
        },
        versions=(1, 2),
    ),
    "cut-short": Page("An answer that reached the limit", message={"reason": FinishReason.LENGTH}),
    "stopped": Page(
        "An answer that was stopped", message={"state": MessageState.STOPPED, "reason": None}
    ),
    "retry": Page(
        "",
        notice=Notice(NoticeKind.RETRY, 2, 5, 30.0, ErrorInfo(ErrorKind.RATE_LIMIT, 429)),
        streams=False,
    ),
}


def _pages() -> Iterator[tuple[str, Page]]:
    for name in FROM_CORPUS:
        yield name, Page(ANSWERS[name], fixed=name != "emoji-rtl")
    yield from OWN.items()
    small, large = _picture(48, 32), _picture(1200, 500)
    text = f"Here:\n\n![小图]({small})\n\n![A large one]({large})\n\n- ![]({small})\n\nBelow."
    yield "pictures", Page(text)


PAGES: Final = dict(_pages())
