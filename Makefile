# `make run` and `make test` are all that a newcomer types; they set up what they need.
.DEFAULT_GOAL := help
PY := .venv/bin/python
LOCKS := packaging/locks

.PHONY: help run test lint types lock translations wheel bench pictures clean

help:
	@echo "make run           set up what is needed and open the window"
	@echo "make test          set up what tests need and run them all"
	@echo "make lint          ruff and mypy"
	@echo "make bench         the benchmarks of streaming, reading and the wire, JSON lines"
	@echo "make translations  collect sentences, compile the catalogues"
	@echo "make lock          renew the locks of dependencies"
	@echo "make pictures      renew the pictures of the README from the real app"
	@echo "make wheel         build dist/*.whl"

run:
	@packaging/dev/setup run
	@packaging/dev/run

test:
	@packaging/dev/setup test
	$(PY) -m pytest $(PYTEST)

lint:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench:
	@packaging/dev/setup test
	$(PY) -m tests.benchmarks.streaming
	$(PY) -m tests.benchmarks.transcript
	$(PY) -m tests.benchmarks.wire

translations:
	$(PY) packaging/dev/translations.py

# Hashes, but no index addresses; --universal, so that one file serves all three systems.
lock:
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --upgrade -o $(LOCKS)/run.txt pyproject.toml
	.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --extra dev -c $(LOCKS)/run.txt \
		-o $(LOCKS)/test.txt pyproject.toml
	printf 'hatchling\neditables\n' | .venv/bin/uv pip compile -q --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header -c $(LOCKS)/test.txt \
		-o $(LOCKS)/build.txt -

pictures:
	@packaging/dev/setup test
	$(PY) packaging/dev/pictures.py

wheel:
	@packaging/dev/setup test
	$(PY) -m hatchling build -t wheel

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
