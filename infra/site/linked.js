// Runs before anything is drawn: whoever follows a link to a list is not shown the start of the page first.
if (/[&#]t=/.test(location.hash)) document.documentElement.classList.add("linked");
