"""Answers that look like real ones, for tests that compare ways of showing them."""

ZH = """选**令牌桶**。你给的两个数正好是它的两个参数：速率 $r$ = 100，容量 $b$ = 200。

| 算法 | 允许突发 | 状态 |
|---|---|--:|
| 令牌桶 | 是，至多 $b$ | 2 个数 |
| 滑动窗口日志 | 否 | 每个请求 1 条 |

1. 惰性补充：请求到来时才按时间差补令牌，不需要定时器。
2. 用单调时钟，避免系统校时让 `Δt` 变成负数。
   - 嵌套的一项，**重点：**后面还有字
   - 另一项

```python
def allow(self, rate: float) -> bool:
    now = time.monotonic()  # 单调时钟
    return self.tokens >= 1
```

> 引用一句
> 第二行
>
> - 引用里的列表
"""
EN = """# Rate limiting

Each check costs **one round trip**, so latency grows by 0.4 ms, while throughput is bounded by \
[the script time](https://example.com/redis) on the Redis side. Use `TIME` so that replicas agree.

## Steps

- Start with the atomic script, then lease in batches if p99 matters.
- [x] done
- [ ] not done

$$
\\frac{a}{b} = \\sum_i x_i
$$

> [!WARNING]
> A lease that is not returned is lost until it expires.

---

```
plain text
    indented
```

Final words *in italics* and ~~struck out~~.
"""
LIST = "".join(f"- item {n} with `code` and **bold** text, 还有中文\n" for n in range(60))
TABLE = "| a | b | c |\n|:--|:-:|--:|\n" + "".join(
    f"| row {n} | {'wide ' * (n % 5)} | {n * 37} |\n" for n in range(40)
)
QUOTE = "".join(f"> line {n} of a long quote, 引用的一行\n" for n in range(40))
CODE = "```python\n" + "".join(f"def f{n}(x):\n    return x * {n}\n" for n in range(40)) + "```\n"
PARAGRAPH = "A paragraph 没有尽头 that goes on **and on** with `code` in it. " * 80
ALL = {
    "zh": ZH,
    "en": EN,
    "list": LIST,
    "table": TABLE,
    "quote": QUOTE,
    "code": CODE,
    "paragraph": PARAGRAPH,
}
