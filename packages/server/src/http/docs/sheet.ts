/** The look of the page `/docs`. */
export const SHEET = `:root {
  color-scheme: light dark;
  --line: color-mix(in srgb, currentColor 20%, transparent);
}
body {
  margin: 0;
  font: 16px / 1.5 system-ui, sans-serif;
}
main {
  max-width: 60rem;
  margin: 0 auto;
  padding: 2rem 1.25rem 4rem;
}
h1 {
  margin: 0 0 0.5rem;
  font-size: 1.6rem;
}
h2 {
  margin: 2.25rem 0 0.5rem;
  font-size: 1.1rem;
}
code {
  font: 0.9em / 1.5 ui-monospace, monospace;
}
table {
  width: 100%;
  margin: 0.75rem 0;
  border-collapse: collapse;
  font-size: 0.9rem;
}
th,
td {
  padding: 0.3rem 0.75rem 0.3rem 0;
  border-bottom: 1px solid var(--line);
  text-align: left;
  vertical-align: top;
}
`
