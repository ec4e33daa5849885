#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure; needs autoconf and automake, and no network.
set -e
cd "$(dirname "$0")"
exec autoreconf --force --install
