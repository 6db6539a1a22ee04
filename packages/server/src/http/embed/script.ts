/** How many lines the page keeps. */
const MOST = 2000

/**
 * The page's script. It reads the node's stream with the ticket of the page's own address, and shows texts as
 * texts, never as HTML. A plain EventSource reconnects by itself.
 */
export const EMBED_SCRIPT = `'use strict'
const [phase, progress, message, log] = ['phase', 'progress', 'message', 'log'].map((id) =>
  document.getElementById(id),
)
const ticket = new URLSearchParams(location.search).get('ticket')
const node = location.pathname.split('/').pop()
const source = new EventSource(
  '../admin/nodes/' + node + '/logs/stream?tail=500&ticket=' + encodeURIComponent(ticket),
)
const on = (name, act) =>
  source.addEventListener(name, (event) => {
    if (event.data !== undefined) act(JSON.parse(event.data), event)
  })

on('log', ({ timestamp, level, message, phase: entered }) => {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24
  const line = document.createElement('div')
  line.dataset.level = level
  const time = document.createElement('time')
  time.textContent = timestamp.slice(11, 19)
  time.title = timestamp
  line.append(time, ' ', message)
  log.append(line)
  while (log.childElementCount > ${MOST}) log.firstElementChild.remove()
  if (isAtEnd) log.scrollTop = log.scrollHeight
  setPhase(entered)
})
on('status', (status) => {
  setPhase(status.phase)
  progress.value = status.progress
})
on('gap', () => {
  log.replaceChildren()
})
on('error', (error, event) => {
  // One with an id belongs to a line, which is shown.
  if (!event.lastEventId) message.textContent = error.error
})
on('done', (done) => {
  // It would reconnect to hear that there is nothing more, and show that instead of the end.
  source.close()
  setPhase(done.status)
  message.textContent = done.status === 'failed' ? done.message : ''
})
source.addEventListener('open', () => {
  message.textContent = ''
})
source.onerror = () => {
  message.textContent =
    source.readyState === EventSource.CONNECTING
      ? 'connecting again'
      : 'This view has expired; load the page around it again.'
}

function setPhase(name) {
  phase.textContent = name.replaceAll('_', ' ')
  document.body.dataset.phase = name
}
`
