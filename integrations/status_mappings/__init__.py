"""What happens to sales and subscriptions when staff map, remap or unmap a status word.

The newest event of each is applied again with the new status. A sale whose newest data came from
a sync, or whose event has no body any more, gets the status directly. Without a status, each
goes back to its status before the word. A sale that has another word since is not changed.

Entry points: `reprocess.reprocess`, `usages.next_batch`.
"""
