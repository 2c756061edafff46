/* Opens the thread at its latest message. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  for (const thread of document.querySelectorAll(".thread")) thread.scrollTop = thread.scrollHeight;
});
