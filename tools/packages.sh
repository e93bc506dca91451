# SPDX-License-Identifier: BSL-1.0
# shellcheck shell=bash
# What the front doors share: sourced by examples/run, tests/run and bench/run, from the root of the tree.

# What each part needs, as `command-or-file:package`.
# Boost.JSON is younger than what Debian 12 calls libboost-dev, and its packages replace that.
boost=libboost-dev boost_json=libboost-json-dev
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then boost=libboost1.81-dev boost_json=libboost-json1.81-dev; fi
needs_build="g++:g++ cmake:cmake ninja:ninja-build pkg-config:pkg-config /usr/include/boost/version.hpp:$boost"
needs_doors="/usr/include/liburing.h:liburing-dev /usr/include/uv.h:libuv1-dev /usr/include/mimalloc.h:libmimalloc-dev
  /usr/include/hwloc.h:libhwloc-dev /usr/include/toml++/toml.h:libtomlplusplus-dev
  /usr/include/zlib.h:zlib1g-dev /usr/include/brotli/encode.h:libbrotli-dev /usr/include/zstd.h:libzstd-dev
  /usr/include/openssl/ssl.h:libssl-dev /usr/include/boost/json.hpp:$boost_json
  ccache:ccache"

# What the benchmarks compare with.
needs_peers="/usr/include/asio.hpp:libasio-dev /usr/include/tbb/concurrent_queue.h:libtbb-dev
  /usr/include/concurrentqueue/concurrentqueue.h:libconcurrentqueue-dev
  /usr/include/readerwriterqueue/readerwriterqueue.h:libreaderwriterqueue-dev
  /usr/include/http_parser.h:libhttp-parser-dev
  /usr/lib/llvm-19/lib/libomp.so:libomp-19-dev valgrind:valgrind"

# missing NEEDS...: the packages among them that are not here, one a line.
missing() {
  local need
  for need in $*; do
    case $need in
      /*) [ -e "${need%%:*}" ] || echo "${need##*:}" ;;
      *) command -v "${need%%:*}" >/dev/null || echo "${need##*:}" ;;
    esac
  done
}

# apt_install PACKAGES...: true when they are installed.
apt_install() {
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null
}

apt_update() {
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update </dev/null
}

# install_missing REQUIRED OPTIONAL (two words of needs): installs what is not here. Ends the program when something
# required cannot be had; an optional package that cannot be had is named, and what it is for is left out.
install_missing() {
  local required optional package
  required=$(missing "$1")
  optional=$(missing "$2")
  [ -n "$required$optional" ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "this system has no apt-get; please install what Debian calls:" $required $optional >&2
    [ -z "$required" ] && return 0
    exit 1
  fi
  echo "installing:" $required $optional
  if apt_install $required $optional >build/packages.log 2>&1; then return 0; fi
  apt_update >>build/packages.log 2>&1 || true
  if apt_install $required $optional >>build/packages.log 2>&1; then return 0; fi
  if [ -n "$required" ] && ! apt_install $required >>build/packages.log 2>&1; then
    tail -n 5 build/packages.log >&2
    echo "could not install:" $required >&2
    exit 1
  fi
  for package in $optional; do
    apt_install "$package" >>build/packages.log 2>&1 || echo "could not install $package: what needs it is left out"
  done
}

# quietly WHAT COMMAND...: runs it with its output in a log that is shown when it fails.
quietly() {
  local what=$1 log="build/${1// /_}.log"
  shift
  "$@" >"$log" 2>&1 </dev/null && return 0
  cat "$log" >&2
  echo "$what failed" >&2
  exit 1
}

# build_program TARGET: configures the release build and builds one target of it, showing progress.
build_program() {
  quietly configure cmake --preset release
  cmake --build build/release --target "$1" </dev/null || exit 1
}
