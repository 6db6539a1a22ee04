/** The page that shows one node in a frame of another page. Its script has the rest. */
export function embedPage(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Launch log</title>
<link rel="stylesheet" href="../embed.css">
<header>
<strong id="phase">connecting</strong>
<progress id="progress" max="100" value="0" aria-label="Progress of the launch"></progress>
<span id="message" role="status"></span>
</header>
<main id="log" role="log" aria-label="Launch log" tabindex="0"></main>
<script src="../embed.js"></script>
</html>
`
}
