# SPDX-License-Identifier: Apache-2.0
# awk -f config-rows.awk properties.table lichen-config.5.in: the manual page, with the table's rows in
# the place of @PROPERTIES@. tests/conformance/read.awk tells how the table is written.

# One sentence a line, as mdoc wants it, and none longer than 80 characters.
function put(text,    n, words, i, line, before)
{
	n = split(text, words, " ")
	for (i = 1; i <= n; i++) {
		before = line
		line = line (line == "" ? "" : " ") words[i]
		if (length(line) > 76) {
			put_line(before)
			line = words[i]
		}
		if (words[i] ~ /[.]$/ && (i == n || words[i + 1] ~ /^[A-Z0-9]/)) {
			put_line(line)
			line = ""
		}
	}
	put_line(line)
}

function put_line(line)
{
	gsub(/--/, "\\-\\-", line)
	if (line != "")
		page = page (line ~ /^[.']/ ? "\\\&" : "") line "\n"
}

function put_macro(line)
{
	page = page line "\n"
}

# "applied, A refused" → "Applied for root; refused for an ordinary user."
function status_text(text,    n, parts, i, words, mode, order, who, done, all, said)
{
	split("root B A", order, " ")
	who["A"] = "an ordinary user"
	who["B"] = "uid 0 of a user namespace"
	who["root"] = "root"
	n = split(text, parts, ", ")
	for (i = 1; i <= 3; i++)
		mode[order[i]] = parts[1]
	for (i = 2; i <= n; i++) {
		split(parts[i], words, " ")
		mode[words[1]] = words[2]
	}
	all = mode["A"] == mode["B"] && mode["B"] == mode["root"]
	for (i = 1; i <= 3; i++) {
		text = mode[order[i]]
		if (text in done)
			continue
		done[text]
		said = said (said == "" ? "" : "; ") (text == "fallback" ? "applied by a fallback" : text)
		if (!all)
			said = said " for " who[order[i]] (i < 3 && mode[order[i + 1]] == text ? " and " who[order[i + 1]] : "")
	}
	return toupper(substr(said, 1, 1)) substr(said, 2) "."
}

# "option {bind,rbind}" has its kind in front, and words that stand for themselves.
function head_of(paths,    kind)
{
	if (match(paths, /^[a-z]+ /) && paths !~ /,  *[a-z]+[.[]/) {
		sub(/^[a-z]+ /, "", paths)
		gsub(/[{}]/, "", paths)
		gsub(/,/, " , ", paths)
		return ".It Cm " paths
	}
	gsub(/, /, " , ", paths)
	return ".It Va " paths
}

function begin_section(title)
{
	if (in_section)
		put_macro(".El")
	in_section = 1
	put_macro(".Ss " title)
	put_macro(".Bl -tag -width Ds")
}

function note(who, text)
{
	put_macro(".Pp")
	put_macro(".Em \"" who "\" :")
	put(text)
}

FNR == 1 { file++ }

file == 1 && /^= / { begin_section(substr($0, 3)) }

file == 1 && /^[^#=*\t]/ {
	at = index($0, ": ")
	status = substr($0, at + 2)
	kernel = ""
	if (i = index(status, "; Linux ")) {
		kernel = substr(status, i + 8)
		status = substr(status, 1, i - 1)
	}
	put_macro(head_of(substr($0, 1, at - 1)))
	put(status_text(status))
	if (kernel != "")
		put("Needs Linux " kernel ".")
}

file == 1 && sub(/^\ttext\t/, "") { put($0) }
file == 1 && sub(/^\tA\t/, "") { note("An ordinary user", $0) }
file == 1 && sub(/^\tB\t/, "") { note("uid 0 of a user namespace", $0) }
file == 1 && sub(/^\tA,B\t/, "") { note("An ordinary user, and uid 0 of a user namespace", $0) }
file == 1 && sub(/^\tB,root\t/, "") { note("uid 0 of a user namespace, and root", $0) }
file == 1 && sub(/^\troot\t/, "") { note("root", $0) }

file == 2 && /@PROPERTIES@/ {
	printf "%s.El\n", page
	next
}

file == 2 { print }
