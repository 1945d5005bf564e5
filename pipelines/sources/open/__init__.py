"""From bytes to lines of cells: text, workbooks, XML and archives, within limits."""
