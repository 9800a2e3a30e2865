# liveprobe: every command of the project. `make` alone lists them.
#
# SWIFT=/path/to/swift chooses a toolchain; FUZZ_SECONDS=… how long each fuzz target runs, if not as long as is said below.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

SWIFT ?= $(shell scripts/find-swift)
export SWIFT

strict := $(shell scripts/build-flags)
formatted := $(wildcard Sources Tests Fuzz Benchmarks Package.swift)

# Fetched once, and kept outside the tree.
define lab_kernels
Tests/Lab/fetch-kernels
Tests/Lab/fetch-makedumpfile
Tests/Lab/build-fixtures
Tests/Lab/build-debian
endef

# A filter that matches no test passes, and must not here.
define lab_tests
LIVEPROBE_LAB=require "$(SWIFT)" test $(strict) --filter LabTests |& tee .build/lab.log
! grep -q 'Test run with 0 tests' .build/lab.log
endef

.PHONY: help setup build static deb rpm image release check lint unit test test-all peers browser lab fuzz bench mutation demo scan docs clean
.PHONY: crash-texts kernels tests fuzzer run-fuzz run-browser run-file run-peers run-lab run-built run-sql run-ansible run-reproducible

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install every Debian package that building, testing and the lab need
	@scripts/setup all

build: ## build for development: debug and release, dynamically linked
	@scripts/setup build
	"$(SWIFT)" build $(strict)
	"$(SWIFT)" build $(strict) --configuration release

static: ## build the one file, .build/liveprobe: static, stripped, checked
	@scripts/setup build
	@scripts/build-static

deb: static ## build the Debian package, .build/liveprobe.deb
	@scripts/setup package
	@packaging/build-deb

rpm: static ## build the RPM, .build/liveprobe.rpm
	@scripts/setup package
	@packaging/build-rpm

image: static ## build the container image, .build/liveprobe-image.tar: the one file in an OCI archive
	@scripts/setup package
	@packaging/build-image

release: deb rpm image ## what a release consists of, in .build/release-files, signed if LIVEPROBE_RELEASE_KEY names a key
	@packaging/release

check: lint unit ## before each commit: format, warnings, dependency rule, unit tests

# What is fetched and built leaves a processor idle now and then, and so goes on side by side.
test: ## everything: check, the one file, the readers of our reports and a browser, fuzzing for a bounded time, the lab
	@scripts/setup all
	@rm -f .build/times
	@scripts/together '$(MAKE) lint'
	@scripts/together '$(MAKE) kernels' '$(MAKE) unit' '$(MAKE) deb rpm image' '$(MAKE) fuzzer'
	@scripts/together '$(MAKE) run-browser' '$(MAKE) run-file run-peers' '$(MAKE) run-fuzz'
	@scripts/together '$(MAKE) run-lab'
	@cat .build/times

test-all: ## test, with every row in guests on every kernel, long storms and fuzzing, and what else takes hours
	@scripts/setup all-night
	@$(MAKE) kernels
	@Tests/Lab/build-dkms
	@LIVEPROBE_LAB_TIER=all LIVEPROBE_LAB_STORM=20 FUZZ_SECONDS=60 $(MAKE) test
	@scripts/together '$(MAKE) mutation'
	@scripts/together '$(MAKE) run-built'
	@scripts/together '$(MAKE) run-reproducible'
	@scripts/together '$(MAKE) run-sql'
	@scripts/together '$(MAKE) run-ansible'
	@cat .build/times

peers: static ## the programs that read our reports: Prometheus, node_exporter, journald, Nagios, SQLite, Zabbix and others
	@scripts/setup peers
	@$(MAKE) tests
	@$(MAKE) run-peers

browser: ## the HTML reports in headless Chromium; pictures of them are left in .build/browser
	@scripts/setup browser
	@$(MAKE) tests
	@$(MAKE) run-browser

lab: deb image ## real kernels, tampered with under emulation: the lab's tests alone
	@scripts/setup all
	@$(MAKE) kernels
	@$(MAKE) run-lab

fuzz: ## feed the decoders mutated bytes, FUZZ_SECONDS (10) each
	@scripts/setup build
	scripts/fuzz

bench: static ## time and memory: verification natively, and a scan in the lab's guest
	@scripts/setup all
	scripts/bench

mutation: ## change thousands of bytes of saved kernels, and count how many changes are found
	@scripts/setup all
	scripts/mutation

demo: static ## boot a kernel with hooked system calls, scan it inside, print the report
	scripts/lab demo

scan: ## scan this host with the one file (as root: sudo make scan)
	@scripts/setup build
	@if [[ $$EUID == 0 && -n "$${SUDO_USER:-}" && "$${SUDO_USER:-}" != root ]]; then \
	  sudo -H -u "$$SUDO_USER" SWIFT="$(SWIFT)" scripts/build-static; \
	else scripts/build-static; fi
	.build/liveprobe scan

docs: ## renew docs/checks.md from the checks' own manuals, and the rows of docs/lab.md
	LIVEPROBE_WRITE_DOCS=1 "$(SWIFT)" test $(strict) --filter 'DocumentationTests|TierTests'

crash-texts: ## the share of crash texts that is told right: every kind of trouble, architecture and dressing
	@scripts/setup build
	@$(MAKE) tests
	LIVEPROBE_CRASH_TEXTS=all "$(SWIFT)" test $(strict) --skip-build --filter CrashTextTests

clean: ## remove everything that was built
	rm -rf .build

# Parts of `check`.
lint:
	"$(SWIFT)" format lint --strict --recursive --parallel $(formatted)
	@! grep -rnE '^(<<<<<<<|>>>>>>>) ' --exclude-dir=.build --exclude-dir=.git . || { echo 'lint: a merge was left half done'; exit 1; }

unit:
	@scripts/setup build
	@$(MAKE) tests
	"$(SWIFT)" test $(strict) --skip-build --skip LabTests

# Parts of `test`: what is fetched and built, and what is run of it.
kernels:
	$(lab_kernels)

tests:
	"$(SWIFT)" build $(strict) --build-tests

fuzzer:
	scripts/fuzz build

# What is wrong after three seconds; `make fuzz` and `make test-all` go on for longer.
run-fuzz: export FUZZ_SECONDS ?= 3
run-fuzz:
	scripts/fuzz run

run-browser:
	Tests/Browser/run "$(SWIFT)" test $(strict) --skip-build

run-file:
	Tests/StaticBinary/run .build/liveprobe
	Tests/Packaging/run
	Tests/Packaging/rpm
	Tests/Packaging/image
	Tests/Packaging/release

run-peers:
	Tests/Peers/run .build/liveprobe "$(SWIFT)" test $(strict) --skip-build

run-lab:
	$(lab_tests)

# Parts of `test-all`.
run-built:
	Tests/Lab/build-kernel
	LIVEPROBE_LAB=require LIVEPROBE_LAB_TIER=all "$(SWIFT)" test $(strict) --skip-build --filter BuiltKernelTests |& tee .build/built.log
	grep -q 'built-' .build/built.log

run-reproducible:
	Tests/Packaging/reproducible

run-sql:
	Tests/Sql/run .build/liveprobe "$(SWIFT)" test $(strict) --skip-build

# Takes root, for a layer of its own over the root; without, it is left out.
run-ansible:
	@if [[ $$EUID == 0 ]]; then Tests/Ansible/run && Tests/Ansible/run .build/liveprobe.rpm; else echo 'Ansible: left out, it takes root'; fi
