import { render } from 'preact'
import { App } from './App.js'
import { createFleetState } from './fleet/state.js'
import { createLink } from './hub/link.js'
import { followTab } from './hub/tab-events.js'
import { baseUrl, onUnauthorized, token } from './session.js'

const link = createLink({
  credentials: () => ({ baseUrl, token: token.peek() }),
  onUnauthorized,
})
followTab(link)
const fleet = createFleetState({ link, token })

render(<App link={link} fleet={fleet} />, document.getElementById('page') as HTMLElement)
