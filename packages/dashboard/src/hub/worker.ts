import { createHub } from './hub.js'

const hub = createHub()

// TypeScript cannot have the types of a worker and of a page in one project.
const scope = self as unknown as {
  onconnect: (event: MessageEvent) => void
}

scope.onconnect = ({ ports: [port] }) => {
  if (port) hub.serve(port)
}
