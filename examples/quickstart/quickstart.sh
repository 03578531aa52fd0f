#!/bin/sh
# From a bare machine to a microVM that answers; quickstart.ts does the work, this only gets it running.
#   npm run quickstart            up; run again, it changes nothing
#   npm run quickstart -- down    takes everything back
#   MICROVM_HOST=user@server npm run quickstart [-- down]    on one's own server instead of a lab host
set -eu
cd "$(dirname "$0")/../.."

if ! command -v node > /dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2> /dev/null; then
  echo "quickstart needs Node.js 20 or newer; found: $(node --version 2> /dev/null || echo none)." >&2
  echo "Install it from https://nodejs.org/ or your distribution, then run this again." >&2
  exit 1
fi
# npm leaves this file behind a finished install.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "==> installing the npm packages that package-lock.json names"
  npm ci --no-audit --no-fund
fi
exec node node_modules/tsx/dist/cli.mjs examples/quickstart/quickstart.ts "$@"
