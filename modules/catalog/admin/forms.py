"""Forms in which prices are written as people write them, and options as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from babel.numbers import is_currency
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify

from infra.errors import DomainError
from infra.money import Money
from modules.catalog.models import Attribute, AttributeValue, Category, Image, Price, Product, Variant
from modules.catalog.queries.stock import stock_level
from modules.catalog.use_cases import Reason
from modules.catalog.use_cases.attributes import ValueDoesNotFit, typed
from modules.catalog.use_cases.html import plain_text, safe_html
from modules.catalog.use_cases.listings import facet_value
from modules.catalog.use_cases.pictures import keep_picture


class OptionsField(forms.CharField):
    """Options in order, written `Size: M, Colour: Red`; empty where a product has one variant only."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Like Size: M, Colour: Red. Empty if the product has no choices.")
        super().__init__(required=False, widget=forms.TextInput(attrs={"size": 30}), **options)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(f"{name}: {chosen}" for name, chosen in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[list[str]]:  # type: ignore[override]
        options: list[list[str]] = []
        for part in str(value or "").split(","):
            name, separator, chosen = (text.strip() for text in part.partition(":"))
            if not part.strip():
                continue
            if not (name and separator and chosen):
                raise ValidationError("Write options like Size: M, Colour: Red.")
            options.append([name, chosen])
        if len({name for name, _ in options}) < len(options):
            raise ValidationError("An option stands here twice.")
        return options

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial or []) != self.prepare_value(data or ""))


class ProductForm(forms.ModelForm[Product]):
    """A product; its description may have simple HTML, which is cleaned."""

    description_html = forms.CharField(
        label="Description",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "cols": 90}),
        help_text="Text, or simple HTML: paragraphs, lists, links, emphasis.",
    )

    class Meta:
        model = Product
        fields: ClassVar = ["title", "slug", "category", "vendor", "tags", "description_html"]

    def save(self, commit: bool = True) -> Product:
        product: Product = super().save(commit=False)
        product.description_html = safe_html(self.cleaned_data["description_html"])
        product.description = plain_text(self.cleaned_data["description_html"])
        product.handle = product.handle or product.slug
        if commit:
            product.save()
        return product


class VariantForm(forms.ModelForm[Variant]):
    """A variant."""

    options = OptionsField()

    class Meta:
        model = Variant
        fields: ClassVar = ["sku", "options", "barcode", "weight_grams", "requires_shipping", "is_active", "position"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        product = self.instance.product_id
        others = Variant.objects.filter(product=product, options=self.cleaned_data.get("options"))
        if product and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another variant of the product has these options.")
        return cleaned


class StockForm(VariantForm):
    """A variant on its own page, where its stock is changed, too."""

    difference = forms.IntegerField(
        label="Change of stock",
        required=False,
        min_value=-1_000_000,
        max_value=1_000_000,
        help_text="Pieces that came (12) or went (-3).",
    )
    reason = forms.ChoiceField(
        required=False,
        choices=[(reason.value, reason.label) for reason in (Reason.RECEIVED, Reason.CORRECTED, Reason.COUNTED)],
    )
    reference = forms.CharField(required=False, max_length=200, help_text="Delivery note, or why.")

    def clean_difference(self) -> int:
        difference = int(self.cleaned_data["difference"] or 0)
        if difference < 0 and self.instance.pk:
            level = stock_level(Variant.objects.get(pk=self.instance.pk).sku)
            if level.on_hand + difference < level.reserved:
                raise ValidationError(f"{level.on_hand} are on hand and {level.reserved} of them reserved for orders.")
        return difference


class PriceForm(forms.ModelForm[Price]):
    """A price in whole units of its currency, such as 19.90."""

    whole_units = forms.DecimalField(label="Price", min_value=Decimal(0), max_digits=14, decimal_places=3)

    class Meta:
        model = Price
        fields: ClassVar = ["currency"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.amount is not None:
            self.initial["whole_units"] = Money(self.instance.amount, self.instance.currency).as_decimal()

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).upper()
        if not is_currency(currency):
            raise ValidationError("This is not an ISO 4217 code, such as EUR.")
        return currency

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "currency" in self.cleaned_data and "whole_units" in self.cleaned_data:
            try:
                price = Money.parse(f"{self.cleaned_data['whole_units'].normalize():f}", self.cleaned_data["currency"])
            except ValueError as error:
                raise ValidationError(str(error)) from None
            self.instance.amount = price.amount
        return cleaned


class ImageForm(forms.ModelForm[Image]):
    """A picture: a file from this computer, or an address on the web."""

    upload = forms.FileField(required=False, help_text="JPEG, PNG, WebP, AVIF or GIF.")

    class Meta:
        model = Image
        fields: ClassVar = ["url", "alternative_text", "position"]
        help_texts: ClassVar = {"alternative_text": "What is to be seen, for those who cannot see it."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].required = False
        self.fields["url"].widget = forms.TextInput(attrs={"size": 40})

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        upload = cleaned.get("upload")
        if isinstance(upload, UploadedFile):
            try:
                cleaned["url"] = keep_picture(upload.read())
            except DomainError as error:
                raise ValidationError({"upload": error.detail}) from None
        elif not cleaned.get("url"):
            raise ValidationError("Choose a file, or give an address.")
        return cleaned


class AttributeValueForm(forms.ModelForm[AttributeValue]):
    """What is said of a product, written as text whatever its type."""

    value = forms.CharField(max_length=500)

    class Meta:
        model = AttributeValue
        fields: ClassVar = ["attribute"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.attribute_id:
            said = self.instance
            self.initial["value"] = facet_value(said.text, said.number, said.flag)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        attribute = self.cleaned_data.get("attribute")
        if isinstance(attribute, Attribute) and self.cleaned_data.get("value"):
            try:
                value = typed(attribute, self.cleaned_data["value"])
            except ValueDoesNotFit as error:
                raise ValidationError({"value": error.detail}) from None
            self.instance.text, self.instance.number, self.instance.flag = value.text, value.number, value.flag
        return cleaned


class CategoryForm(forms.ModelForm[Category]):
    """A category; the slug is made from the name when it is left empty."""

    class Meta:
        model = Category
        fields: ClassVar = ["name", "slug", "parent", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean_slug(self) -> str:
        return str(self.cleaned_data["slug"] or slugify(self.cleaned_data.get("name", "")))

    def clean_parent(self) -> Category | None:
        parent: Category | None = self.cleaned_data["parent"]
        if parent and self.instance.pk in parent.path:
            raise ValidationError("A category cannot stand below itself.")
        return parent


class AttributeForm(forms.ModelForm[Attribute]):
    """The definition of an attribute; what products say already must go on fitting."""

    class Meta:
        model = Attribute
        fields: ClassVar = ["code", "name", "type", "unit", "choices", "minimum", "maximum", "is_filterable"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        type_ = cleaned.get("type") or self.instance.type
        choices = cleaned.get("choices") or []
        if (type_ == Attribute.Type.CHOICE) != bool(choices):
            raise ValidationError("A choice needs its values in Choices; no other type has any.")
        if type_ != Attribute.Type.NUMBER and (cleaned.get("unit") or cleaned.get("minimum") or cleaned.get("maximum")):
            raise ValidationError("Only a number has a unit and bounds.")
        said = AttributeValue.objects.filter(attribute_id=self.instance.pk)
        outside = said.exclude(text__in=choices) if type_ == Attribute.Type.CHOICE else said.none()
        if cleaned.get("minimum") is not None:
            outside = outside | said.filter(number__lt=cleaned["minimum"])
        if cleaned.get("maximum") is not None:
            outside = outside | said.filter(number__gt=cleaned["maximum"])
        if outside.exists():
            raise ValidationError(f"{outside.count()} products say something that would no longer be allowed.")
        return cleaned
