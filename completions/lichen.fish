# SPDX-License-Identifier: Apache-2.0
# Completion for fish. The candidates come from lichen itself (lichen __complete).

function __lichen_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l prefix (string match -r '^--[^=]*=' -- "$current")
    set -l path (string replace -r '^--[^=]*=' '' -- "$current")
    for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case :file
                __fish_complete_path "$path" | string replace -r '^' -- "$prefix"
            case :directory
                __fish_complete_directories "$path" '' | string replace -r '^' -- "$prefix"
            case '*'
                echo $line
        end
    end
end

complete -c lichen -f -a '(__lichen_complete)'
