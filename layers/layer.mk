# What the recipes of both layers share. `sam build` runs them from the root of the project, because template.yaml names
# it as their WorkingDirectory; so paths are those of the checkout, and pyproject.toml is read where it lies.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:

# Packages and bytecode are for one minor version: that of the functions.
python = $(or $(shell infra/local/find_python.sh --fetch 3.13),$(error a layer needs Python 3.13))

# Lambda cannot write bytecode into a layer, and bytecode that is checked against the time of its source is stale once a
# zip file has rounded that time: every cold start would compile anew. So it carries a hash, and nobody checks it.
# Traces name the place in Lambda, not the one on the building machine.
define compile
"$(python)" -I -m compileall -q -j 0 --invalidation-mode unchecked-hash \
	-s "$(ARTIFACTS_DIR)" -p /opt "$(ARTIFACTS_DIR)/python"
endef
