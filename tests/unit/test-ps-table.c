/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include "cli/ps_table.h"

int main(void)
{
	is_int(ps_table_pid_column("UID        PID  PPID  C STIME TTY          TIME CMD\n"), 1,
		"ps -ef");
	is_int(ps_table_pid_column("  PID COMMAND\n"), 0, "blanks before it");
	is_int(ps_table_pid_column("PPID PIDNS CMD PID"), 3, "other columns that end or begin so");
	is_int(ps_table_pid_column("PID"), 0, "alone");
	is_int(ps_table_pid_column("USER\tCOMMAND\n"), -1, "none");
	is_int(ps_table_pid_column("\n"), -1, "an empty heading");

	is_int(ps_table_pid("root      7534  7533  0 04:20 ?  00:00:00 bash\n", 1), 7534,
		"in the midst");
	is_int(ps_table_pid("   12 sh\n", 0), 12, "the first");
	is_int(ps_table_pid("a b 99\n", 2), 99, "the last");
	is_int(ps_table_pid("root\n", 1), -1, "a line that is too short");
	is_int(ps_table_pid("root x1 2\n", 1), -1, "not a number");
	is_int(ps_table_pid("root 12345678901234567890 2\n", 1), -1, "not a process number");
	is_int(ps_table_pid("", 0), -1, "an empty line");
	return done();
}
