# Every target sets itself up: a virtual environment in .venv, from the locked requirements. Needs Python 3.11 or newer, and make.
#
#   PORT=8001 make run           another port           PYTHON=/path/to/python make run      another Python
#   make test ARGS="tests/orders -k retried"            some tests only

.DEFAULT_GOAL := help
.PHONY: help run test test-changed check bench extract-demo faults lock clean

ARGS ?=
MODULE ?= payments
VENV_PYTHON := .venv/bin/python

# Call the bootstrap with the first Python that is new enough.
define bootstrap
	@for candidate in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if [ -n "$$candidate" ] && "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			exec "$$candidate" infra/deployment/bootstrap.py $(1); \
		fi; \
	done; \
	echo "Banyan needs Python 3.11 or newer, and none was found. Install one (Debian, Ubuntu: apt-get install python3), or name it: PYTHON=/path/to/python3.11 make $@" >&2; \
	exit 1
endef

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r target text; do printf '  make %-13s %s\n' "$$target" "$$text"; done

run: ## the shop on http://127.0.0.1:8000 (PORT=8001 make run for another port); Ctrl-C stops everything
	$(call bootstrap,run)
	@exec $(VENV_PYTHON) manage.py serve

test: ## all tests, with the servers they need
	$(call bootstrap,test --servers)
	@exec $(VENV_PYTHON) -m pytest -n $${TEST_PROCESSES:-auto} --dist loadscope --no-loadscope-reorder $(ARGS)

test-changed: ## the tests that the present change can reach (BASE=commit to compare with another)
	$(call bootstrap,test --servers)
	@exec $(VENV_PYTHON) infra/deployment/changed_tests.py $(ARGS)

check: ## format, types, boundaries
	$(call bootstrap,test)
	@exec $(VENV_PYTHON) infra/deployment/checks.py

bench: ## the benchmarks, as ratios against floors measured in the same run
	$(call bootstrap,test)
	@exec $(VENV_PYTHON) infra/deployment/benchmarks.py $(ARGS)

extract-demo: ## a module leaves a shop full of customers, comes back, and leaves again (MODULE=payments; all; together)
	$(call bootstrap,test)
	@exec $(VENV_PYTHON) -m tests.faults.demo $(MODULE) $(ARGS)

faults: ## kill, freeze and cut everything at each step of a move, an hour and more (SEED=7 ARGS="-k carrier")
	$(call bootstrap,test)
	@FAULTS=all FAULTS_SEED=$(SEED) exec $(VENV_PYTHON) -m pytest tests/faults/matrix -v -s $(ARGS)

lock: ## requirements/*.lock anew from requirements/*.in
	$(call bootstrap,test)
	@exec $(VENV_PYTHON) infra/deployment/lock.py $(ARGS)

clean: ## stop what runs, and remove .venv, .banyan (the shop's data) and caches
	$(call bootstrap,clean)
