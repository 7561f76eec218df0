// Sends the answer on to the service that asked for it. Without this, the person presses Continue.
"use strict";
document.querySelector("form[data-send]").submit();
