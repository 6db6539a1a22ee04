import type { ServerResponse } from 'node:http'

/**
 * Calls back when an answer is over: sent, or given up because its reader has left. Where that happened
 * before, in the next tick: `close` is emitted once only, and a reader may leave while its request is still
 * being read. An answer that waits behind another one on its connection never emits it; the connection does.
 */
export function onceClosed(response: ServerResponse, act: () => void): void {
  const { socket } = response.req
  if (response.closed || socket.destroyed) {
    process.nextTick(act)
    return
  }
  let isOver = false
  response.once('close', close)
  socket.once('close', close)

  function close(): void {
    // The socket's own event may be under way, and then calls this although it was taken off.
    if (isOver) return
    isOver = true
    response.off('close', close)
    socket.off('close', close)
    act()
  }
}
