# Two commands: `make nightly` (the sample city's night) and `make test`. Each works alone on a fresh machine
# that has Python 3.11 or newer, make and the package registry.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CITY ?= sample_data
DATA ?=

.PHONY: nightly check test lint supply mutants damage flood monday torture bench sample lock licences audit bundle clean

nightly: $(VENV)/.installed
	$(BIN)/facility-emissions --city $(CITY) $(if $(DATA),--data $(DATA)) nightly

# while working: lint, types, the files of tests that build no city, and every stage asked on a tiny city built once
CHECKED = tests/test_stages.py tests/test_architecture.py tests/test_units.py tests/test_periods.py tests/history/test_journal.py \
	tests/test_rounding.py tests/test_words.py tests/reference/test_reference.py tests/reference/test_published_examples.py \
	tests/sources/test_lines.py tests/supply/test_licences.py tests/supply/test_audit.py tests/targets/test_paths.py \
	tests/emissions/test_same_amount.py
check: lint
	$(BIN)/pytest $(CHECKED)

# before handing in: everything but what stands apart below
test: lint
	$(BIN)/pytest

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the bundle made from the package index, installed and run where there is no network
supply: $(VENV)/.installed
	$(BIN)/pytest -m download tests/supply

# sixty small mutations of our own statements, and who notices each
mutants: $(VENV)/.installed
	$(BIN)/python -m tests.mutants

# every damage of a file and change of a register on sound cities: does a verdict improve without a word? DAMAGE="seed tries"
damage: $(VENV)/.installed
	$(BIN)/python -m tests.damage $(DAMAGE)

# what two nights ask of the office in a sound city, and one doubtful month; FLOOD="facilities seed"
flood: $(VENV)/.installed
	$(BIN)/python -m tests.flood $(FLOOD)

# what a large city with faults at written rates asks of the office, week by week; MONDAY="facilities seed"
monday: $(VENV)/.installed
	$(BIN)/python -m tests.monday $(MONDAY)

# what make test does in short, at length: every parser fed with broken and hostile bytes for ten minutes, 200 nights killed at
# random moments, 60 nights on end, 20 drawn histories, and every other state and moment that a test marks as torture
TORTURED = tests/sources/test_fuzz.py tests/run/test_faults.py tests/run/test_kills.py tests/run/test_soak.py tests/history/test_power_loss.py \
	tests/run/test_two_times.py tests/warehouse/test_incremental.py tests/targets/test_removal.py
torture: $(VENV)/.installed
	FUZZ_SECONDS=600 KILLS=200 NIGHTS=60 HISTORIES=20 FUZZ_SEED=$$(date +%s) $(BIN)/pytest -m "not download" $(TORTURED)
	$(BIN)/pytest -m torture $(foreach file,$(TORTURED),--ignore=$(file))

# what a night costs, as ratios to floors of the same run; BENCH="--share 1" measures the whole set
bench: $(VENV)/.installed
	$(BIN)/python -m tests.benchmarks.intake
	$(BIN)/python -m tests.benchmarks $(BENCH)

# the synthetic city, written anew from its seed
sample: $(VENV)/.installed
	$(BIN)/python -m sample_data.generate

$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit('Python 3.11 or newer is needed: make PYTHON=python3.12')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q flows pipelines expectations # pip leaves an editable install uncompiled
	touch $@

# pins with hashes for every platform, no index address; needs uv
lock:
	uv pip compile pyproject.toml --extra dev --extra scale --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --custom-compile-command "make lock" --output-file requirements.txt

# LICENCES.md, written anew from the lock and what the installed packages say
licences: $(VENV)/.installed
	$(BIN)/python -m tests.supply.licences

# known weaknesses of what the lock names; says so and ends well where the database cannot be reached
audit: $(VENV)/.installed
	$(BIN)/python -m tests.supply.audit

# one zip that installs without a network, in build/; PLATFORM=win_amd64 or another tag of pip, nothing for this machine; FOR=3.12
PLATFORM ?=
FOR ?=
bundle: $(VENV)/.installed
	$(BIN)/python -m tests.supply.bundle "$(PLATFORM)" "$(FOR)"

clean:
	rm -rf $(VENV) sample_data/.data
