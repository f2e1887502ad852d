# SPDX-License-Identifier: MIT
# fish completion for blockstored(8).
complete -c blockstored -f
complete -c blockstored -s c -l config -r -F -d 'the configuration'
complete -c blockstored -l check -d 'examine the configuration, and the ledger or index'
complete -c blockstored -l chain -d 'with --check: all blocks of the node, too'
complete -c blockstored -l reindex -d 'make the index anew from the node'
complete -c blockstored -s h -l help -d 'show the options'
complete -c blockstored -l version -d 'show the version'
