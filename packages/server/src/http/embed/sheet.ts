/** The look of the page in a frame. */
export const EMBED_SHEET = `:root {
  color-scheme: light dark;
}
html,
body {
  height: 100%;
}
body {
  display: flex;
  flex-direction: column;
  margin: 0;
  font: 14px / 1.5 system-ui, sans-serif;
}
header {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 0.75rem;
  align-items: center;
  padding: 0.5rem 0.75rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent);
}
progress {
  flex: 1 1 8rem;
  max-width: 20rem;
}
:is([data-phase='failed'], [data-phase='terminated'], [data-phase='deleted']) progress {
  display: none;
}
main {
  flex: 1;
  overflow: auto;
  padding: 0.5rem 0.75rem;
  font: 12px / 1.6 ui-monospace, monospace;
  overflow-wrap: anywhere;
  white-space: pre-wrap;
}
time {
  opacity: 0.65;
}
[data-level='warn'] {
  color: light-dark(#8a5a00, #f0b429);
}
[data-level='error'],
[data-phase='failed'] #phase {
  color: light-dark(#b3261e, #ff8a80);
}
[data-phase='active'] #phase {
  color: light-dark(#146c2e, #6dd58c);
}
`
