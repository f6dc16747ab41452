"""Files of messages: the pictures of an answer, the files of a question."""
