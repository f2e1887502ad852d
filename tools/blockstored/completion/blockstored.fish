# SPDX-License-Identifier: MIT
# fish completion for blockstored(8).
complete -c blockstored -f
complete -c blockstored -s c -l config -r -F -d 'the configuration'
complete -c blockstored -l check -d 'read the configuration, say what is wrong with it, and end'
complete -c blockstored -s h -l help -d 'show the options'
complete -c blockstored -l version -d 'show the version'
