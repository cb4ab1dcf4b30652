"""What is asked in several parts, whole on one page: the change-over, the reaction to a bad part, the list of
orders. Pure.

Promise: a form shows all that will be asked and all that was answered, and lets only that be answered which the station
asks now: each tile sends the word that a scan would. What is done with it, the station's rules decide; a restart shows
the same form with what has been answered.

Read `change_over`, `reaction`, `order_list`, then `open_form`, which finds the one that is open.
"""
