# SPDX-License-Identifier: Apache-2.0
# awk -f find-tests.awk WANTED SOURCE...: the lines of WANTED (FILE, tab, TEST) that no source has.
#
# A test is found by its description in the source: the same text, or with words in the place of its
# variables, each of which must be in that source, too (or in the data that a unit test reads).
function name_of(path)
{
	sub(/.*\//, "", path)
	sub(/\.(t|c|sh)$/, "", path)
	return path
}

# The texts in quotes of a line; what the shell or printf will put in becomes a \001.
function add_texts(file, line,    text, c, i, depth)
{
	while (i = index(line, "\"")) {
		line = substr(line, i + 1)
		text = ""
		while (line != "" && substr(line, 1, 1) != "\"") {
			c = substr(line, 1, 1)
			if (c == "\\") {
				text = text substr(line, 2, 1)
				line = substr(line, 3)
			} else if (match(line, /^\$[A-Za-z0-9_@*#]+/) || match(line, /^\$\{[^}]*\}/) ||
				match(line, /^\$\([^)]*\)/) || (is_c && match(line, /^%[-0-9.*]*[a-zA-Z]+/))) {
				# a conversion is as long as its letters: "%zu" and not "%susers"
				if (c == "%" && !match(line, /^%[-0-9.*]*(zu|zd|lld|llu|ld|lu|[a-z])/))
					match(line, /^%[-0-9.*]*[A-Z]/)
				text = text "\001"
				line = substr(line, RLENGTH + 1)
			} else {
				text = text c
				line = substr(line, 2)
			}
		}
		line = substr(line, 2)
		if (text != "")
			texts[file, ++n_texts[file]] = text
	}
}

# Whether a text is that of a pattern with words in its gaps that the source knows.
function fits(file, pattern, text,    n, pieces, i, at, gap)
{
	n = split(pattern, pieces, "\001")
	if (substr(text, 1, length(pieces[1])) != pieces[1])
		return 0
	text = substr(text, length(pieces[1]) + 1)
	for (i = 2; i <= n; i++) {
		if (i == n && pieces[i] == "")
			at = length(text) + 1
		else
			at = index(substr(text, 2), pieces[i]) + 1
		gap = substr(text, 1, at - 1)
		if (at < 2 || (!index(content[file], gap) && !index(content["data"], gap)))
			return 0
		text = substr(text, at + length(pieces[i]))
	}
	return text == ""
}

function is_there(file, text,    i)
{
	if ((file, text) in exact)
		return 1
	for (i = 1; i <= n_texts[file]; i++)
		if (texts[file, i] == text || (texts[file, i] ~ /\001/ && texts[file, i] ~ /[A-Za-z: ]/ &&
			fits(file, texts[file, i], text)))
			return 1
	return 0
}

FNR == 1 {
	source++
	file = name_of(FILENAME)
	is_c = FILENAME ~ /\.c$/
	is_data = FILENAME ~ /\/data\/|\.table$/
}

source == 1 { wanted[++n_wanted] = $0; next }

# What unit tests read, case by case.
FILENAME ~ /bad\/config\.txt$/ && sub(/^=> /, "") { exact["bad", $0] }
FILENAME ~ /plan\/refused\.txt$/ && sub(/^error config\.json: /, "") { exact["refused", $0] }

FILENAME ~ /plan\/cases\.txt$/ && !/^#/ { exact["test-plan", $1] }

is_data { content["data"] = content["data"] $0 "\n"; next }

{
	content[file] = content[file] $0 "\n"
	add_texts(file, $0)
}

END {
	FS = "\t"
	for (i = 1; i <= n_wanted; i++) {
		split(wanted[i], parts, "\t")
		if (!is_there(parts[1], parts[2]))
			print parts[1] ": " parts[2]
	}
}
