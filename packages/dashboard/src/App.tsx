import type { ComponentChildren } from 'preact'
import { place } from './address.js'
import { FleetPage } from './fleet/FleetPage.js'
import { Header } from './Header.js'
import { LaunchPage } from './launch/LaunchPage.js'
import { LaunchesPage } from './launches/LaunchesPage.js'
import { NodePage } from './node/NodePage.js'
import { SignIn } from './SignIn.js'
import { token } from './session.js'

/** The page: who is signed in sees the place that the address names. */
export function App() {
  if (!token.value) return <SignIn />
  return (
    <>
      <button class="skip" type="button" onClick={toMain}>
        Skip to the content
      </button>
      <Header />
      <main id="main" tabIndex={-1}>
        <Place />
      </main>
    </>
  )
}

function Place(): ComponentChildren {
  const [kind, id] = place.value.path
  if (kind === undefined) return <FleetPage />
  // Another node to launch again is another form, and so is a new one.
  if (kind === 'launch') {
    const again = place.value.query.get('again') ?? ''
    return <LaunchPage key={again} again={again} />
  }
  if (kind === 'launches') return <LaunchesPage />
  // Another node is another page, with nothing of the one before.
  if (kind === 'nodes' && id !== undefined) return <NodePage key={id} nodeId={id} />
  return (
    <p class="empty">
      There is nothing at this address. <a href="#/">See all nodes</a>
    </p>
  )
}

/** A link within the page would be another place: what is after the `#` says where one is. */
function toMain(): void {
  document.getElementById('main')?.focus()
}
