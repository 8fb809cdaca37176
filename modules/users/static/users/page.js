// The token comes after the # of the link, where no server sees it: put it into the form, and out of the address bar.
const field = document.getElementById("token");
const token = decodeURIComponent(location.hash.slice(1));
if (field && token) {
  field.value = token;
  field.closest(".token").hidden = true;
  history.replaceState(null, "", location.pathname);
}
