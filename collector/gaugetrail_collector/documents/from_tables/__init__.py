"""Documents out of tables: a plant's own spreadsheet, and the orders of an ERP.

Promise: a table is read whole or not at all, each fault with its row and column; a workbook is opened by a process of
its own, with little memory and time.

Read `sheets` and `sheet_child`, `importing`, then `orders` and `orders_folder`.
"""
