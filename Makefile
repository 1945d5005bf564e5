# Two commands: `make nightly` (the sample city's night) and `make test`. Each works alone on a fresh machine
# that has Python 3.11 or newer, make and the package registry.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
CITY ?= sample_data
DATA ?=

.PHONY: nightly test mutants damage flood torture bench sample lock licences audit bundle clean

nightly: $(VENV)/.installed
	$(BIN)/facility-emissions --city $(CITY) $(if $(DATA),--data $(DATA)) nightly

test: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

# sixty small mutations of our own statements, and who notices each
mutants: $(VENV)/.installed
	$(BIN)/python -m tests.mutants

# every damage of a file and change of a register on sound cities: does a verdict improve without a word? DAMAGE="seed tries"
damage: $(VENV)/.installed
	$(BIN)/python -m tests.damage $(DAMAGE)

# what two nights ask of the office in a sound city, and one doubtful month; FLOOD="facilities seed"
flood: $(VENV)/.installed
	$(BIN)/python -m tests.flood $(FLOOD)

# every parser fed with broken and hostile bytes for ten minutes, and 200 nights killed at random moments
torture: $(VENV)/.installed
	FUZZ_SECONDS=600 KILLS=200 NIGHTS=60 FUZZ_SEED=$$(date +%s) $(BIN)/pytest tests/sources/test_fuzz.py tests/test_faults.py tests/test_kills.py tests/test_soak.py

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
