"""The rules, one module each; ``paes.faults.rule_table`` lists them."""
