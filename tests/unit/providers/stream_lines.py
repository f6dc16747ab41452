"""Each thing that real streams do, and the cases that show it.

A case stands in ``streams.py`` or ``streams_odd.py``; ``transport: NAME`` stands in
``test_streams_transport.py`` and ``wire: NAME`` in ``test_openai_chat.py``, each a test or a row
of one; ``sse: NAME`` in ``test_chat_decoder.py``; ``error: NAME`` among the replies of
``error_replies.py`` or in ``test_errors.py``.
"""

LINES = {
    # Framing
    "comments before the first token": ("comments first",),
    "data: with no space": ("no space", "[DONE] without a space"),
    "crlf": ("crlf",),
    "lone cr": ("lone cr",),
    "crlf split over two reads": ("crlf",),
    "u+2028 inside json": ("u+2028",),
    "a utf-8 character split over reads": ("characters of many bytes",),
    "a bom": ("bom", "marks of byte order in the middle"),
    "one json over several data lines": ("several data lines",),
    "empty events": ("empty events",),
    "a last event with no blank line": ("no blank line at the end",),
    "a frame over 64 kb": ("a frame over 64 KB",),
    "a frame without end": ("sse: a_frame_without_end_is_an_error",),
    "plain text appended": ("plain text appended", "plain text appended without a line end"),
    "data: error: message": ("data: error: message",),
    "events without event lines": ("plain", "events with names"),
    # End
    "no [DONE]": ("no [DONE]",),
    "a clean end without a reason": ("nothing at the end",),
    "a silent stall": ("wire: a_stall_is_a_time_out_and_keeps_the_text",),
    "keep-alives reset the idle time-out": ("wire: keep_alives_start_the_time_anew",),
    "a reason empty, null or absent": ("reason empty, null and absent", "reason as the word null"),
    "stop with reasoning only": ("thinking only",),
    "an unknown reason": ("an unknown reason",),
    "the peer closing mid-body": ("wire: a_drop_keeps_the_text", "cut within an event"),
    "the peer closing before the headers": ("transport: it_closes_before_the_headers",),
    # Chunks
    "a usage chunk without choices": ("usage chunk",),
    "a first chunk without choices": ("first chunk without choices",),
    "usage on every chunk, cumulative": ("usage on every chunk, cumulative",),
    "role empty or null": ("role empty and null",),
    "content as a list of blocks": ("content as blocks", "thinking as blocks"),
    "reasoning in place of reasoning_content": ("reasoning",),
    "think tags split over chunks": ("think tags",),
    "a literal think tag": ("think tags in text",),
    "many empty deltas": ("many empty deltas",),
    "a full json reply": ("whole reply", "whole reply over many lines"),
    # Tool calls
    "no index": ("tool calls without an index",),
    "index but no id": ("tool call with an index and no id",),
    "empty id and name": ("tool call with empty id and name on continuations",),
    "the id on every chunk": ("tool call with its id on every chunk",),
    "argument json cut off": ("tool call after text, cut off",),
    # Errors
    "200 and then an error": ("error first", "error after text"),
    "object error": ("error object of vllm",),
    "an array of errors": ("errors in an array", "error: gemini"),
    "detail": ("detail", "error: fastapi"),
    "a service code in a 200 body": ("a code in a whole reply",),
    "a code as int, string or null": ("error first", "error after text", "error with null code"),
    "text/plain": ("plain text with an error", "error: deepseek"),
    "an html page": ("a page", "a page after text", "a page in an event", "error: nginx"),
    "402 and 403 for no balance": ("error: siliconflow", "error: deepseek"),
    "429 with retry-after": ("error: test_retry_after", "error: test_retry_after_as_a_date"),
    "400 for a wrong key": ("error: gemini",),
    # Transport
    "a proxy that buffers everything": ("transport: a proxy that buffers everything",),
    "gzip that delays": ("transport: gzip, though none was asked for",),
    "a slow first token": ("transport: a_slow_first_token_with_signs_of_life",),
    "a base url as people give it": ("transport: a_base_url_as_people_give_it",),
}
