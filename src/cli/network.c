/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/network.h"

int network_values_read(
	const struct network_values *values, struct network_words *out, struct error *e)
{
	const struct network_options options = {
		.mode = values->mode, .publish = &values->publish, .egress = &values->egress
	};

	return network_words_of_options(&options, out, e);
}
