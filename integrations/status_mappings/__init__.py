"""What happens to sales and subscriptions when staff map, remap or unmap a status word.

Each whose last reported word is the mapped one gets the new status; the history names the event
that reported the word, if it is still the newest data, or else the person. Without a status, each
goes back to its status before the word. A status set by hand is not changed.

Entry points: `reprocess.reprocess`, `usages.next_batch`.
"""
