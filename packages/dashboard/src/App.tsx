import type { ComponentChildren } from 'preact'
import { AccessPage } from './access/AccessPage.js'
import { route } from './address.js'
import { ComparePage } from './compare/ComparePage.js'
import { FleetPage } from './fleet/FleetPage.js'
import type { FleetState } from './fleet/state.js'
import { GroupsPage } from './groups/GroupsPage.js'
import { Header } from './Header.js'
import type { Link } from './hub/link.js'
import { LaunchPage } from './launch/LaunchPage.js'
import { LaunchesPage } from './launches/LaunchesPage.js'
import { NodePage } from './node/NodePage.js'
import { SignIn } from './SignIn.js'
import { SearchPage } from './search/SearchPage.js'
import { token } from './session.js'
import { WebhooksPage } from './webhooks/WebhooksPage.js'

export interface AppProps {
  link: Link
  fleet: FleetState
}

/** The page that the address names, for a reader who is signed in. */
export function App({ link, fleet }: AppProps) {
  if (!token.value) return <SignIn />
  return (
    <>
      <button class="skip" type="button" onClick={focusMain}>
        Skip to the content
      </button>
      <Header connection={fleet.connection.value} onReconnect={link.focus} />
      <main id="main" tabIndex={-1}>
        <CurrentPage link={link} fleet={fleet} />
      </main>
    </>
  )
}

function CurrentPage({ link, fleet }: AppProps): ComponentChildren {
  const [kind, id, part] = route.value.path
  if (kind === undefined) return <FleetPage fleet={fleet} />
  if (kind === 'launch') {
    const again = route.value.query.get('again') ?? ''
    const isNew = route.value.query.get('as') === 'new'
    // With a key, another node to launch again gets an empty form, and so does a new one.
    return <LaunchPage key={again} again={again} isNew={isNew} />
  }
  if (kind === 'launches') return <LaunchesPage />
  if (kind === 'groups') return <GroupsPage key={id ?? ''} groupId={id} fleet={fleet} />
  if (kind === 'webhooks') return <WebhooksPage />
  if (kind === 'access') return <AccessPage />
  if (kind === 'search') return <SearchPage nodes={fleet.nodes} />
  // With a key, another node's page keeps nothing of the one before.
  if (kind === 'nodes' && id !== undefined && part === 'launches') {
    return <ComparePage key={id} nodeId={id} />
  }
  if (kind === 'nodes' && id !== undefined) {
    return <NodePage key={id} nodeId={id} link={link} fleet={fleet} />
  }
  return (
    <p class="empty">
      There is nothing at this address. <a href="#/">See all nodes</a>
    </p>
  )
}

/** A link to `#main` would be another route: what stands after the `#` is the page's address. */
function focusMain(): void {
  document.getElementById('main')?.focus()
}
