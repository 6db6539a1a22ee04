import { createHub } from './hub.js'

const hub = createHub()

// The types of a worker and those of a page cannot both be in force.
const scope = self as unknown as {
  onconnect: (event: MessageEvent) => void
}

scope.onconnect = ({ ports: [port] }) => {
  if (port) hub.serve(port)
}
