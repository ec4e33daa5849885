#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hooks: order, place, input, environment, failure.
set -uo pipefail
# shellcheck source=lib/guest.sh
source "$(dirname "$0")/lib/guest.sh"
done_testing
