# What the tests need beyond Rust and a C compiler, installed where it is absent.

readonly TOOLS="$PWD/target/test-tools"
# The Node that is fetched where the machine has none that is new enough; an LTS release.
readonly NODE_VERSION=22.23.3

install_tools() {
  mkdir -p "$TOOLS"
  install_packages
  if chose browser || chose clients; then
    install_node
    # What was installed lies outside of target/, and may have gone without it.
    [[ -d tests/node_modules ]] || rm -f "$TOOLS/npm.lock"
    once tests/package-lock.json "$TOOLS/npm" npm_packages
  fi
  if chose clients; then once tests/clients/requirements.txt "$TOOLS/python" python_packages; fi
}

# Debian packages, named only for what is missing.
install_packages() {
  local missing=()
  command -v python3 >/dev/null || missing+=(python3)
  has_openssl || missing+=(libssl-dev pkg-config)
  if chose rust || chose browser; then
    postgres_programs >/dev/null || missing+=(postgresql)
  fi
  if chose rust; then
    command -v strace >/dev/null || missing+=(strace)
    command -v prlimit >/dev/null || missing+=(util-linux)
  fi
  if chose browser || chose clients; then
    command -v npm >/dev/null || missing+=(nodejs npm)
  fi
  if chose browser; then
    command -v chromium >/dev/null || missing+=(chromium)
    command -v java >/dev/null || missing+=(default-jre-headless)
    [[ -n $(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null) ]] || missing+=(fonts-dejavu)
  fi
  if chose clients; then
    python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    [[ -x /usr/sbin/apache2 ]] || missing+=(apache2-bin)
    [[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ]] || missing+=(libapache2-mod-auth-openidc)
  fi
  ((${#missing[@]})) || return 0

  local root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || refuse "Install ${missing[*]}, then run tests/run again: it is neither root nor has sudo."
    root=(sudo)
  fi
  command -v apt-get >/dev/null || refuse "Install ${missing[*]}, then run tests/run again: this is not Debian."
  echo "Installing ${missing[*]}"
  { "${root[@]}" apt-get update -q \
      && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}"
  } >"$LOGS/apt.log" 2>&1 || { tail -n 20 "$LOGS/apt.log" >&2; refuse "Installing ${missing[*]} failed."; }
}

# Debian 12 has Node 18, which is too old for the tools: npm has newer ones as packages.
install_node() {
  local enough='const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(Number(major === 20 ? minor < 19 : major === 22 ? minor < 12 : major < 22))'
  if command -v node >/dev/null && node -e "$enough"; then return; fi
  local machine
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) refuse "Install Node 22 or newer, then run tests/run again: there is no package of it for $(uname -m)." ;;
  esac
  local package=node-linux-$machine
  if [[ ! -x $TOOLS/node_modules/$package/bin/node ]]; then
    echo "Installing Node $NODE_VERSION"
    npm install --prefix "$TOOLS" --no-save --no-audit --no-fund "$package@$NODE_VERSION" >"$LOGS/node.log" 2>&1 \
      || { tail -n 20 "$LOGS/node.log" >&2; refuse "Installing Node $NODE_VERSION failed."; }
  fi
  PATH="$TOOLS/node_modules/$package/bin:$PATH"
}

npm_packages() {
  npm ci --prefix tests --ignore-scripts --no-audit --no-fund
}

python_packages() {
  python3 -m venv --clear "$TOOLS/python"
  "$TOOLS/python/bin/pip" install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt
}

# once LOCK PLACE COMMAND: runs COMMAND unless it ran before with the same lock file.
once() {
  local lock=$1 place=$2 command=$3 log
  log="$LOGS/$command.log"
  cmp --silent "$lock" "$place.lock" && return
  echo "Installing ${command//_/ }"
  "$command" >"$log" 2>&1 || { tail -n 20 "$log" >&2; refuse "Installing ${command//_/ } failed."; }
  cp "$lock" "$place.lock"
}

has_openssl() {
  pkg-config --exists openssl 2>/dev/null || [[ -d /usr/include/openssl ]]
}

# The library of the machine saves compiling OpenSSL once for each build profile.
use_system_openssl() {
  if has_openssl; then export OPENSSL_NO_VENDOR=1; fi
}
