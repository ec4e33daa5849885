# SPDX-License-Identifier: Apache-2.0
# awk -f read.awk TABLE: one line for every PATH, KEY and TEXT of a table, with tabs between them.
#
# A table has stanzas. The first line has the paths, with a comma and a space between them; words in
# braces stand for one path each. Behind a colon is the status, the same for everybody or with that
# of a mode behind it, and the kernel that it needs. Indented lines have a key and a text, in which
# $0 is the path and $1, $2 are the words that were chosen:
#
#	mounts[].{uid,gid}Mappings: applied, A refused; Linux 5.12
#		text	only bind mounts have them
#		+	48-silent: $0
#
# With -v plain=1 the first line of a stanza is a sentence, and nothing in it is special.
# The lines beneath a "*" belong to every stanza from there to the next "*". The statuses are the
# keys =A, =B and =root, the kernel is "kernel", and the line of the first line "row".
# Status: applied, fallback (applied in another way than asked for), refused, ignored.
# Mode: A an ordinary user, B uid 0 of a user namespace that somebody made, root.
BEGIN { OFS = "\t" }

# "a.{b,c}" and the words that were chosen before it, each with a tab behind
function expand(path, chosen,    open, close_, n, i, words, before, after)
{
	open = index(path, "{")
	if (!open) {
		emit(path, chosen)
		return
	}
	close_ = index(path, "}")
	n = split(substr(path, open + 1, close_ - open - 1), words, ",")
	before = substr(path, 1, open - 1)
	after = substr(path, close_ + 1)
	for (i = 1; i <= n; i++)
		expand(before words[i] after, chosen words[i] "\t")
}

function replace(text, what, by,    at, done)
{
	while (at = index(text, what)) {
		done = done substr(text, 1, at - 1) by
		text = substr(text, at + length(what))
	}
	return done text
}

function emit(path, chosen,    i, k, n, words, key, text)
{
	n = split(chosen, words, "\t")
	print path, "row", line
	for (i = 1; i <= n_common + n_lines; i++) {
		key = i <= n_common ? common_keys[i] : keys[i - n_common]
		text = replace(i <= n_common ? common[i] : texts[i - n_common], "$0", path)
		for (k = 1; k < n; k++)
			text = replace(text, "$" k, words[k])
		print path, key, text
	}
}

function add(key, text)
{
	keys[++n_lines] = key
	texts[n_lines] = text
}

function make_common(    i)
{
	n_common = n_lines
	for (i = 1; i <= n_lines; i++) {
		common_keys[i] = keys[i]
		common[i] = texts[i]
	}
}

# "applied, A refused; Linux 5.12"
function add_status(text,    at, n, i, parts, words, mode)
{
	at = index(text, "; Linux ")
	if (at) {
		add("kernel", substr(text, at + 8))
		text = substr(text, 1, at - 1)
	}
	n = split(text, parts, ", ")
	mode["A"] = mode["B"] = mode["root"] = parts[1]
	for (i = 2; i <= n; i++) {
		split(parts[i], words, " ")
		mode[words[1]] = words[2]
	}
	add("=A", mode["A"])
	add("=B", mode["B"])
	add("=root", mode["root"])
}

function finish(    n, i, paths)
{
	if (plain && heads != "") {
		emit(heads, "")
		heads = ""
	}
	n = split(heads, paths, ", ")
	if (heads == "*")
		make_common()
	for (i = 1; i <= n && heads != "*"; i++)
		expand(paths[i], "")
	n_lines = 0
	heads = ""
}

/^#/ || /^$/ || /^=/ { next }

/^[^\t]/ {
	finish()
	heads = $0
	line = NR
	at = plain ? 0 : index($0, ": ")
	if (at) {
		heads = substr($0, 1, at - 1)
		add_status(substr($0, at + 2))
	}
	next
}

{
	key = $1
	text = $0
	sub(/^\t[^ \t]+[ \t]*/, "", text)
	add(key, text)
}

END { finish() }
