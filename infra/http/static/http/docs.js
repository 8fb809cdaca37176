"use strict";

const cookie = (name) => document.cookie.split("; ").find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);

SwaggerUIBundle({
  url: document.getElementById("api").dataset.document,
  dom_id: "#api",
  deepLinking: true,
  persistAuthorization: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  requestInterceptor: (request) => {
    // Needed by staff who are signed in to the admin; tokens need none.
    const token = cookie("csrftoken");
    if (token && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = token;
    }
    return request;
  },
});
